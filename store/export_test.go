package store

// EncodeJob writes a job as Accept does.
var EncodeJob = encodeJob
