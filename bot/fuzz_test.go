package bot_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"meetbot/bot"
)

// hostile are beginnings for everything that takes text from outside.
var hostile = []string{
	"", " ", "new", "new x", `"new hires"`, "hlep", "“x”", "\u202egnp.exe", "\xff\xfe", strings.Repeat("x", 500), "<!channel>", "<@U1|ann>", "`code`", "a\x00b\x1b[31m",
	"e\u200b\u0301", "\u1fef", "\u200d", "\ufe0f\u200d", "👩\u200d👧", "\u3164", "\u2028x\u2029", "\u0085", "\u00a0\u3000", "\"e\"\u0301", "\U0001d160", "\u115f\u1160",
	"می\u200cخواهم", "\u200cx\u200c", "ل\u200c", "e\u200c\u0301", "ل\u064b\u200cم", "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "🏴\U000e0067", "x\U000e007f",
	strings.Repeat("🏴\U000e0067\U000e0062\U000e007f", 40), "x" + strings.Repeat("🏴\U000e0067\U000e0062\U000e007f", 40), strings.Repeat("ل\u200c", 90), "*new* x", "`show`", ", help", "cancel", "now!", "**", "*_~`", "- ", `"`, `""`, `new "show`, "« x »", strings.Repeat("\u0301", 200), "{{.Meet}}", "%s%d", "&lt;!here&gt;",
}

// needed are the invisible characters that some texts need, where they need them: what keeps letters of a joining
// script apart, and what spells the flag of a region.
var needed = regexp.MustCompile(`\x{1f3f4}[\x{e0030}-\x{e0039}\x{e0061}-\x{e007a}]+\x{e007f}|` + joined + `\pM*(\x{200c}` + joined + `\pM*)+`)

const joined = `[\p{Arabic}\p{Syriac}\p{Nko}\p{Mongolian}\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Gujarati}\p{Oriya}\p{Tamil}\p{Telugu}\p{Kannada}\p{Malayalam}\p{Sinhala}\p{Khmer}\p{Myanmar}]`

// checkClean fails the test unless text is fit for a card, a log line and Graph.
func checkClean(t *testing.T, from, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%q became %q, which is not UTF-8", from, text)
	}
	marks := 0
	for _, r := range needed.ReplaceAllString(text, "") {
		if unicode.IsControl(r) || r == '`' || r != '\u200d' && unicode.Is(unicode.Cf, r) || r != ' ' && unicode.IsSpace(r) {
			t.Errorf("%q became %q, which holds %U", from, text, r)
		}
		if marks++; !unicode.Is(unicode.M, r) {
			marks = 0
		} else if marks > 8 {
			t.Errorf("%q became %q, with %d marks on one letter", from, text, marks)
			break
		}
	}
	if strings.TrimSpace(text) != text || strings.Contains(text, "  ") {
		t.Errorf("%q became %q, with too much space", from, text)
	}
	if again := bot.CleanText(text); again != text {
		t.Errorf("%q became %q, and that becomes %q", from, text, again)
	}
}

func FuzzCleanText(f *testing.F) {
	for _, seed := range hostile {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		clean := bot.CleanText(text)
		checkClean(t, text, clean)
		if len(clean) > 3*len(text) { // composed form is at most three times as long
			t.Errorf("%q grew to %q", text, clean)
		}
		if clean != "" && strings.Trim(clean, "\u200d\ufe0f \u3164") == "" {
			t.Errorf("%q became %q, which shows nothing", text, clean)
		}
	})
}

func FuzzParse(f *testing.F) {
	parser := newParser(f)
	for _, seed := range hostile {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		i := parser.Parse(text)
		c := i.Command
		checkClean(t, text, c.Subject)
		if n := utf8.RuneCountInString(c.Subject); n > bot.MaxSubject {
			t.Errorf("subject has %d characters", n)
		}
		if (i.Kind == bot.JobUnclear) != (i.Guess != "") || i.Guess != "" && strings.Contains(c.Subject, " ") {
			t.Errorf("asks back about %q: %+v", text, i)
		}
		if (c.Kind == bot.Help || c.Kind == bot.Show) && c.Subject != "" {
			t.Errorf("%s takes no subject: %+v", c.Kind, c)
		}
		// A subject that is taken literally is never anything else than that subject.
		if c.Subject != "" && !strings.ContainsAny(c.Subject, "\"“”„«»") {
			if again := parser.Parse(`"` + c.Subject + `"`); again != (bot.Intent{Command: bot.Command{Kind: bot.Meet, Subject: c.Subject}}) {
				t.Errorf("%q in quotation marks is %+v", c.Subject, again)
			}
		}
	})
}

func FuzzParseOrganizerPolicy(f *testing.F) {
	for _, seed := range []string{
		"", "requester", "service:meetings@contoso.example", "requester,service:a1111111-0000-4000-8000-000000000001", "service:", "requester,", "requester,requester",
		"service:a,service:b", " requester , service: x ", "requester,service:a,b", "Requester", "service:\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := bot.ParseOrganizerPolicy(text)
		if err != nil {
			if p != (bot.OrganizerPolicy{}) {
				t.Errorf("%q is refused, and yet %+v", text, p)
			}
			if len(text) > 100 && strings.Contains(err.Error(), text) {
				t.Errorf("the error quotes the setting: %v", err)
			}
			return
		}
		if !p.Requester && p.Service == "" {
			t.Errorf("%q names nobody", text)
		}
		written := "requester"
		if p.Service != "" {
			written = "service:" + p.Service
			if p.Requester {
				written = "requester," + written
			}
		}
		if again, err := bot.ParseOrganizerPolicy(written); err != nil || again != p {
			t.Errorf("%q is %+v, which is written %q and read as %+v, %v", text, p, written, again, err)
		}
	})
}
