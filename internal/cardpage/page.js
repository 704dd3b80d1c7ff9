// Draws the page's cards, and writes down what a person could not read of them: what is cut off at its edge.
"use strict";

const report = { height: 0, clipped: {} };
const visible = (node) => node.getClientRects().length > 0;
for (const card of page.cards) {
  const frame = document.createElement("div");
  frame.className = "card";
  frame.style.width = `${page.width}px`;
  frame.append(drawCard(card, page.look));
  document.getElementById("cards").append(frame);
  const right = frame.getBoundingClientRect().right;
  const cut = [...frame.querySelectorAll("*")].filter((node) => visible(node) && node.textContent.trim() !== "").filter(
    (node) =>
      node.getBoundingClientRect().right > right + 0.5 ||
      (getComputedStyle(node).overflowX !== "visible" && node.scrollWidth > node.clientWidth + 1),
  );
  if (cut.length > 0) {
    report.clipped[card.name] = cut[cut.length - 1].textContent.trim().slice(0, 80);
  }
}
report.height = Math.ceil(document.getElementById("cards").getBoundingClientRect().height);
const said = document.createElement("pre");
said.id = "report";
said.hidden = true;
said.textContent = JSON.stringify(report);
document.body.append(said);
