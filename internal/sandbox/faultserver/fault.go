package faultserver

import (
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Fault makes a server misbehave. Its zero value changes nothing.
type Fault struct {
	Target string // the operation that it strikes, by the name the server gives it; empty: every one
	Whose  string // the person whom the operation concerns, by the ID that the server gives; empty: everybody
	Times  int    // how often it strikes before it is spent; 0: until cleared

	Struck      func()        // called when it strikes, before anything else; it must be quick. Nil for nobody
	Latency     time.Duration // wait before anything else; the client giving up ends the wait
	Reset       bool          // cut the connection without an answer
	Status      int           // answer with this status instead of the true one
	RetryAfter  string        // with Status: the Retry-After header, in seconds or as an HTTP date
	Header      http.Header   // with Status: further headers
	ContentType string        // with Status: of Body
	Body        string        // with Status
	// Raw is written as it is in place of an answer, and the connection is closed: for what is no HTTP, or not quite.
	// {token} and {path} in it stand for the request's own bearer token and path, as an unkind server might echo them.
	Raw string
	// Works does the real work before the fault shows: the meeting exists, or the message is posted, and the client
	// never learns of it.
	Works bool
}

// Faults is a set of faults, safe for concurrent use. Its zero value is ready.
type Faults struct {
	mu  sync.Mutex
	set []*Fault
}

// Add arms a fault. The earliest armed one strikes first.
func (f *Faults) Add(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.set = append(f.set, &fault)
}

// Clear disarms every fault.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.set = nil
}

// Armed counts the faults that are still to strike.
func (f *Faults) Armed() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.set)
}

// take returns the fault that strikes this operation for this person now, nil for none, and counts it.
func (f *Faults) take(target, whose string) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, fault := range f.set {
		if fault.Target != "" && fault.Target != target || fault.Whose != "" && !strings.EqualFold(fault.Whose, whose) {
			continue
		}
		struck := *fault
		if fault.Times > 0 {
			fault.Times--
			if fault.Times == 0 {
				f.set = append(f.set[:i:i], f.set[i+1:]...)
			}
		}
		return &struck
	}
	return nil
}

// Serve serves one request for the operation under whatever fault is armed for it. It returns the status sent, 0 for
// a connection that was cut.
func (f *Faults) Serve(target string, w http.ResponseWriter, r *http.Request, work http.HandlerFunc) int {
	return f.ServeFor(target, "", w, r, work)
}

// ServeFor is [Faults.Serve] for an operation that concerns one person.
func (f *Faults) ServeFor(target, whose string, w http.ResponseWriter, r *http.Request, work http.HandlerFunc) int {
	rec := &statusRecorder{ResponseWriter: w}
	fault := f.take(target, whose)
	if fault == nil {
		work(rec, r)
		return rec.sent()
	}
	if fault.Struck != nil {
		fault.Struck()
	}
	if fault.Latency > 0 {
		// The server notices a client that gives up only once the body has been read.
		select {
		case <-time.After(fault.Latency):
		case <-r.Context().Done():
			if !fault.Works {
				return 0
			}
		}
	}
	if fault.Status == 0 && !fault.Reset && fault.Raw == "" {
		work(rec, r)
		return rec.sent()
	}
	if fault.Works {
		work(&discard{header: http.Header{}}, r)
	}
	if fault.Reset {
		panic(http.ErrAbortHandler)
	}
	if fault.Raw != "" {
		writeRaw(w, r, fault.Raw)
		return 0
	}
	maps.Copy(w.Header(), fault.Header)
	if fault.RetryAfter != "" {
		w.Header().Set("Retry-After", fault.RetryAfter)
	}
	if fault.ContentType != "" {
		w.Header().Set("Content-Type", fault.ContentType)
	}
	w.WriteHeader(fault.Status)
	_, _ = io.WriteString(w, fault.Body)
	return fault.Status
}

// writeRaw writes to the connection beneath an answer, and closes it.
func writeRaw(w http.ResponseWriter, r *http.Request, raw string) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	raw = strings.NewReplacer("{token}", token, "{path}", r.URL.Path).Replace(raw)
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = io.WriteString(conn, raw) // the client may be gone
	_ = conn.Close()
}

// statusRecorder remembers the status that a handler sent.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (s *statusRecorder) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

func (s *statusRecorder) sent() int {
	if s.status == 0 {
		return http.StatusOK
	}
	return s.status
}

// Discarded tells whether an answer goes to nobody: the work was done, and the client is not to learn of it.
func Discarded(w http.ResponseWriter) bool {
	_, unseen := w.(*discard)
	return unseen
}

// discard is a ResponseWriter whose answer nobody sees.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}
