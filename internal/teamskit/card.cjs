// Reads an array of Adaptive Cards as JSON from standard input, draws each with Microsoft's own renderer, and writes an array
// of {"problems": [string], "text": [string], "headings": [string]}: what the renderer has against the card, what a person
// reads, in order, and what screen readers call a heading where the renderer knows the newest version.
//
// The renderer is held to the version that the card names: 1.2, or 1.4, the last that Teams draws on phones. It leaves out silently what it does not know, so a
// property that the schema of its element lacks is a problem too.
"use strict";

const { text } = require("node:stream/consumers");
const { JSDOM } = require("jsdom");
const MarkdownIt = require("markdown-it");

// The renderer expects a browser.
const { window } = new JSDOM("<!DOCTYPE html>");
globalThis.window = window;
globalThis.document = window.document;
for (const name of Object.getOwnPropertyNames(window)) {
  if (/^(HTML\w*Element|Element|Node|Event|MouseEvent|KeyboardEvent)$/.test(name)) {
    globalThis[name] = window[name];
  }
}

const cards = require("adaptivecards/dist/adaptivecards.js");

// jsdom does not know innerText, with which the renderer writes the words of buttons.
Object.defineProperty(window.HTMLElement.prototype, "innerText", {
  get() {
    return this.textContent;
  },
  set(words) {
    this.textContent = words;
  },
});

// Properties that the renderer reads without naming them in its schema, and the one that Teams adds to the card.
// Sources: Adaptive Cards, "Schema Explorer", version 1.4; Microsoft, "Format cards in Microsoft Teams".
const unlisted = {
  AdaptiveCard: ["body", "actions", "msteams"],
  "Action.ShowCard": ["card"],
  ActionSet: ["actions"],
  Column: ["items"],
  ColumnSet: ["columns"],
  Container: ["items"],
  ImageSet: ["images"],
  RichTextBlock: ["inlines"],
  Table: ["rows"],
  TableCell: ["items"],
  TableRow: ["cells"],
};

let problems = []; // of the card that is being drawn
const report = (phase, element, message) => {
  const name = element?.getJsonTypeName?.() ?? "";
  problems.push([phase, name, message].filter(Boolean).join(": "));
};

const parse = cards.SerializableObject.prototype.internalParse;
cards.SerializableObject.prototype.internalParse = function (source, context) {
  parse.call(this, source, context);
  const schema = this.getSchema();
  const name = this.getJsonTypeName?.();
  const known = new Set(["type", "fallback", ...(unlisted[name] ?? [])]);
  for (let i = 0; i < schema.getCount(); i++) {
    known.add(schema.getItemAt(i).name);
  }
  for (const property of Object.keys(source ?? {})) {
    if (!known.has(property)) {
      report("parsing", this, `there is no property ${property}`);
    }
  }
};

const markdown = new MarkdownIt();
cards.AdaptiveCard.onProcessMarkdown = (source, result) => {
  result.outputHtml = markdown.render(source);
  result.didProcess = true;
};

function read(node, found = []) {
  if (node.nodeType === window.Node.TEXT_NODE && node.textContent.trim() !== "") {
    found.push(node.textContent.trim());
  }
  node.childNodes.forEach((child) => read(child, found));
  return found;
}

function draw(source) {
  problems = [];
  cards.CardElement.langProperty.regEx.lastIndex = 0; // or the renderer refuses every second card's language
  const version = source.version === "1.2" ? cards.Versions.v1_2 : cards.Versions.v1_4;
  const context = new cards.SerializationContext(version);
  const card = new cards.AdaptiveCard();
  card.parse(source, context);
  if (source.type !== "AdaptiveCard") {
    report("parsing", card, `the type is ${source.type}`);
  }
  if (source.version !== version.toString()) {
    report("parsing", card, `the version is ${source.version}, not ${version}`);
  }
  for (let i = 0; i < context.eventCount; i++) {
    const event = context.getEventAt(i);
    if (!isHeadingStyle(event)) {
      report("parsing", event.source, event.message);
    }
  }
  for (const event of card.validateProperties().validationEvents) {
    report("validation", event.source, event.message);
  }
  const drawn = card.render();
  if (!drawn) {
    report("rendering", card, "nothing is drawn");
  }
  const found = problems;
  problems = [];
  return { problems: found, text: drawn ? read(drawn) : [], headings: headings(source) };
}

// The style of a heading is of version 1.5. It is there for clients that know it; the others leave it out, and draw the same.
function isHeadingStyle(event) {
  return (
    event.event === cards.ValidationEvent.UnsupportedProperty &&
    event.source instanceof cards.TextBlock &&
    /\bstyle\b/.test(event.message)
  );
}

function headings(source) {
  cards.CardElement.langProperty.regEx.lastIndex = 0;
  const card = new cards.AdaptiveCard();
  card.parse(source, new cards.SerializationContext());
  const drawn = card.render();
  return drawn ? [...drawn.querySelectorAll('[role="heading"]')].map((e) => e.textContent.trim()) : [];
}

(async () => {
  process.stdout.write(JSON.stringify(JSON.parse(await text(process.stdin)).map(draw)));
})();
