// Draws Adaptive Cards with Microsoft's own renderer, about as Teams does: its measures and colours, which Microsoft
// publishes in no file, are read off the client.
"use strict";

const colors = (text, subtle) => ({ default: text, subtle });

function hostConfig(look) {
  const dark = look === "dark";
  const text = dark ? "#ffffff" : "#242424";
  const subtle = dark ? "#adadad" : "#616161";
  const accent = dark ? "#9299f7" : "#5b5fc7";
  const foreground = {
    default: colors(text, subtle),
    dark: colors("#242424", "#616161"),
    light: colors("#ffffff", "#adadad"),
    accent: colors(accent, accent),
    good: colors("#13a10e", "#13a10e"),
    warning: colors("#c19c00", "#c19c00"),
    attention: colors("#c4314b", "#c4314b"),
  };
  const ground = dark ? "#292929" : "#ffffff";
  const style = (backgroundColor) => ({ backgroundColor, foregroundColors: foreground });
  return new AdaptiveCards.HostConfig({
    choiceSetInputValueSeparator: ",",
    supportsInteractivity: true,
    spacing: { small: 8, default: 12, medium: 16, large: 20, extraLarge: 24, padding: 12 },
    separator: { lineThickness: 1, lineColor: dark ? "#525252" : "#e0e0e0" },
    fontTypes: {
      default: {
        fontFamily: "'Segoe UI', 'Liberation Sans', sans-serif",
        fontSizes: { small: 12, default: 14, medium: 14, large: 18, extraLarge: 24 },
        fontWeights: { lighter: 200, default: 400, bolder: 600 },
      },
      monospace: {
        fontFamily: "Consolas, 'Liberation Mono', monospace",
        fontSizes: { small: 12, default: 14, medium: 14, large: 18, extraLarge: 24 },
        fontWeights: { lighter: 200, default: 400, bolder: 600 },
      },
    },
    lineHeights: { small: 16, default: 20, medium: 20, large: 24, extraLarge: 32 },
    containerStyles: { default: style(ground), emphasis: style(dark ? "#1f1f1f" : "#f5f5f5") },
    actions: {
      maxActions: 6,
      spacing: "default",
      buttonSpacing: 8,
      showCard: { actionMode: "inline", inlineTopMargin: 16, style: "emphasis" },
      actionsOrientation: "horizontal",
      actionAlignment: "left",
    },
    textBlock: { headingLevel: 2 },
    factSet: {
      title: { weight: "bolder", wrap: true, maxWidth: 130 },
      value: { wrap: true },
      spacing: 12,
    },
  });
}

const markdown = window.markdownit();
AdaptiveCards.AdaptiveCard.onProcessMarkdown = (source, result) => {
  result.outputHtml = markdown.render(source);
  result.didProcess = true;
};

// unfold shows whatever a button would show.
function unfold(element) {
  if (Array.isArray(element)) {
    element.forEach(unfold);
  } else if (element && typeof element === "object") {
    delete element.isVisible;
    Object.values(element).forEach(unfold);
  }
}

function drawCard(card, look) {
  if (card.unfolded) {
    unfold(card.content);
  }
  AdaptiveCards.CardElement.langProperty.regEx.lastIndex = 0; // or the renderer refuses every second card's language
  const adaptive = new AdaptiveCards.AdaptiveCard();
  adaptive.hostConfig = hostConfig(look);
  adaptive.parse(card.content);
  return adaptive.render();
}
