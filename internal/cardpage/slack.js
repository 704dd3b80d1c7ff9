// Draws the blocks of Block Kit that the bot uses, about as Slack does. Slack publishes no renderer.
"use strict";

const element = (tag, kind, ...children) => {
  const node = document.createElement(tag);
  node.className = kind;
  node.append(...children);
  return node;
};

// words is the text of mrkdwn as its reader sees it: dates, channels and people by name, code set off.
function words(mrkdwn) {
  const entities = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
  const plain = (text) => text.replace(/&(lt|gt|amp);/g, (e) => entities[e]);
  const all = document.createElement("span");
  for (const part of mrkdwn.split(/(<[^<>]*>|`[^`]*`|\n)/)) {
    if (part === "\n") {
      all.append(document.createElement("br"));
    } else if (part.startsWith("`")) {
      all.append(element("code", "code", plain(part.slice(1, -1))));
    } else if (part.startsWith("<")) {
      const [target, label] = part.slice(1, -1).split("|");
      if (target.startsWith("!date")) {
        all.append(plain(label));
      } else if (/^[#@!]/.test(target)) {
        all.append(element("span", "mention", label ?? names[target] ?? target));
      } else {
        all.append(element("a", "link", plain(label ?? target)));
      }
    } else {
      all.append(plain(part));
    }
  }
  return all;
}

// names are those of the channels and people in the sample replies.
const names = { "#C2147483705": "#general", "@U0BEN": "@Ben Example", "@U0BEN2": "@Ben Example" };

function rich(e) {
  if (e.type === "text") {
    const node = element(e.style?.code ? "code" : "span", e.style?.bold ? "bold" : e.style?.code ? "code" : "");
    e.text.split("\n").forEach((line, i) => node.append(...(i ? [document.createElement("br")] : []), line));
    return node;
  }
  if (e.type === "link") {
    return element("a", "link", e.text ?? e.url);
  }
  return element("span", "", e.text ?? "");
}

function block(b) {
  switch (b.type) {
    case "header": {
      const heading = element("div", "header", b.text.text);
      heading.setAttribute("role", "heading");
      return heading;
    }
    case "section":
      return element("div", "section", words(b.text.text));
    case "context":
      return element("div", "context", ...b.elements.map((e) => words(e.text)));
    case "actions":
      return element(
        "div",
        "actions",
        ...b.elements.map((e) => element("button", e.style === "primary" ? "primary" : "", e.text.text)),
      );
    case "rich_text":
      return element(
        "div",
        "rich",
        ...b.elements.map((part) =>
          element(part.type === "rich_text_preformatted" ? "pre" : "div", "", ...part.elements.map(rich)),
        ),
      );
    default:
      throw new Error(`there is no drawing of a block ${b.type}`);
  }
}

function drawCard(card) {
  const head = element("div", "head", element("b", "", "meetbot"), element("span", "app", "APP"));
  if (card.content.response_type === "ephemeral") {
    head.append(element("span", "only", "Only visible to you"));
  }
  return element("div", "message", head, ...card.content.blocks.map(block));
}
