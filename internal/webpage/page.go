package webpage

import (
	"html"
	"io"
	"net/http"
	"strconv"
	"strings"

	"meetbot/bot"
)

// pageKey names a page. Its language is empty for the page that says everything in every language.
type pageKey struct {
	what     bot.LinkPage
	language bot.Language
}

// pages draws all pages. They hold nothing of a request or a conversation, so there are few.
func pages(catalog *bot.Catalog) map[pageKey]string {
	all := map[pageKey]string{}
	for _, what := range []bot.LinkPage{
		bot.LinkPageNoMeeting, bot.LinkPageUnknown, bot.LinkPageUnavailable, bot.LinkPageNoEntry,
	} {
		all[pageKey{what, ""}] = draw(catalog, what, bot.Languages)
		for _, lang := range bot.Languages {
			all[pageKey{what, lang}] = draw(catalog, what, []bot.Language{lang})
		}
	}
	return all
}

// draw draws a page in some languages, the first of which is the page's own. html/template is not used, since the
// linker would then keep every method of every SDK in the program.
func draw(catalog *bot.Catalog, what bot.LinkPage, languages []bot.Language) string {
	var b strings.Builder
	title := html.EscapeString(catalog.PlainText(languages[0], what.Title()))
	b.WriteString("<!doctype html>\n<html lang=\"" + string(languages[0]) + "\">\n<meta charset=\"utf-8\">\n" +
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n" +
		"<meta name=\"color-scheme\" content=\"light dark\">\n<title>" + title + "</title>\n")
	for _, lang := range languages {
		b.WriteString("<p lang=\"" + string(lang) + "\">" + catalog.Render(lang, what.Message(), style{}) + "</p>\n")
	}
	b.WriteString("</html>\n")
	return b.String()
}

// style writes sentences in HTML.
type style struct{ bot.PlainStyle }

// Text escapes what means something in HTML.
func (style) Text(s string) string { return html.EscapeString(s) }

// Command writes a slash command.
func (style) Command(line bot.CommandLine) string {
	return "<code>" + html.EscapeString(line.Slash()) + "</code>"
}

// Mention writes the bot's usual name.
func (style) Mention() string { return "<code>@meetbot</code>" }

// Page answers with a page. A language that is not known stands for all of them.
func (s *Site) Page(w http.ResponseWriter, status int, what bot.LinkPage, lang bot.Language) {
	body, ok := s.pages[pageKey{what, lang}]
	if !ok {
		body = s.pages[pageKey{what, ""}]
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // the server leaves it out for HEAD
}
