// Reads an array of Teams app manifests and localization files of such as JSON from standard input and writes, for each, what
// Microsoft's own validator has against it: an array of strings, empty if nothing. The schema is the one that the
// document's $schema names, from the package; nothing is fetched.
"use strict";

const { text } = require("node:stream/consumers");
const { AppManifestUtils } = require("@microsoft/app-manifest");

globalThis.fetch = (url) => {
  throw new Error(`the package has no schema ${url}`);
};

function compiles(pattern) {
  try {
    return new RegExp(pattern, "u");
  } catch {
    return false;
  }
}

async function problems(document) {
  if (typeof document?.$schema !== "string") {
    return ["there is no $schema"];
  }
  const schema = await AppManifestUtils.fetchSchema(document.$schema);
  // Some names in the schema of localization files are patterns that the validator's own library refuses. Without them
  // it is merely stricter: the words of activities, which a bot has none of, are refused.
  const names = schema.patternProperties ?? {};
  for (const pattern of Object.keys(names).filter((p) => !compiles(p))) {
    delete names[pattern];
  }
  return AppManifestUtils.validateAgainstSchema(document, schema);
}

(async () => {
  const documents = JSON.parse(await text(process.stdin));
  process.stdout.write(JSON.stringify(await Promise.all(documents.map(problems))));
})();
