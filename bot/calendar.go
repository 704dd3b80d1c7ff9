package bot

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync/atomic"
	"time"
)

// CalendarPath is the beginning of the path of a meeting's calendar file; its token and CalendarSuffix follow.
const (
	CalendarPath   = "/c/"
	CalendarSuffix = ".ics"
)

// CalendarKeySize is how many bytes the key has that signs the addresses of calendar files.
const CalendarKeySize = 32

// CalendarKeys keeps the key with which all replicas sign the addresses of calendar files.
type CalendarKeys interface {
	// CalendarKey returns the key. If there is none yet, proposed becomes it. It is atomic and safe to repeat.
	CalendarKey(ctx context.Context, proposed []byte) ([]byte, error)
}

// calendarKeyFor is how long a replica uses the key that it has read before it asks again. After Redis has lost its
// data, replicas may have different keys for so long.
const calendarKeyFor = 10 * time.Minute

// calendarKey is the key as a replica knows it.
type calendarKey struct{ known atomic.Pointer[readKey] }

type readKey struct {
	key  []byte
	read time.Time
}

// get returns the key. The first call reads it; a later one, when it is time, has begin read it again in the
// background. A key that is known is proposed again, so that addresses outlive an emptied Redis.
func (k *calendarKey) get(ctx context.Context, keys CalendarKeys, begin func(func()) bool) ([]byte, error) {
	known := k.known.Load()
	if known == nil {
		proposed := make([]byte, CalendarKeySize)
		_, _ = rand.Read(proposed) // it never fails
		return k.load(ctx, keys, proposed)
	}
	if time.Since(known.read) >= calendarKeyFor && k.known.CompareAndSwap(known, &readKey{known.key, time.Now()}) {
		begin(func() {
			// The store bounds the call. If it fails, the key that is known goes on.
			_, _ = k.load(context.WithoutCancel(ctx), keys, known.key)
		})
	}
	return known.key, nil
}

func (k *calendarKey) load(ctx context.Context, keys CalendarKeys, proposed []byte) ([]byte, error) {
	key, err := keys.CalendarKey(ctx, proposed)
	if err == nil {
		k.known.Store(&readKey{key, time.Now()})
	}
	return key, err
}

// calendarToken is what the address of a calendar file says. It names a meeting and a conversation, so nothing has to
// be stored for it.
type calendarToken struct {
	meeting      [8]byte // the fingerprint of the meeting
	start        int64   // the entry's start in minutes since 1970; 0: the entry follows the meeting's date
	conversation Conversation
	// outside says that the address was given to somebody who does not read the conversation. Its file has no lasting
	// link: that one would lead them to later meetings too.
	outside bool
}

// The form of a token: base64url of a signature and of what is signed, which is a version, the fingerprint, the start
// as a uvarint, and the conversation's name.
const (
	calendarVersion   = 1
	calendarOutside   = 2  // in place of the version, for people outside the conversation
	calendarSignature = 16 // bytes of HMAC-SHA256
	calendarHead      = calendarSignature + 1 + 8
	maxCalendarToken  = 600 // characters
	maxCalendarStart  = 1 << 32
)

// calendarEncoding takes each token in one spelling alone.
var calendarEncoding = base64.RawURLEncoding.Strict()

// calendarTokenOf names a meeting. Its external ID stays the same for as long as Graph has it, also when the
// conversation gets it back by an undo, which counts as another generation.
func calendarTokenOf(c Conversation, m Meeting, start time.Time) calendarToken {
	t := calendarToken{meeting: meetingPrint(m), conversation: c}
	if !start.IsZero() {
		t.start = start.Unix() / 60
	}
	return t
}

func meetingPrint(m Meeting) (print [8]byte) {
	sum := sha256.Sum256([]byte(m.ExternalID))
	copy(print[:], sum[:])
	return print
}

// payload is what is signed.
func (t calendarToken) payload() []byte {
	version := byte(calendarVersion)
	if t.outside {
		version = calendarOutside
	}
	b := append(make([]byte, 0, 128), version)
	b = append(b, t.meeting[:]...)
	b = binary.AppendUvarint(b, uint64(t.start))
	return append(b, t.conversation.String()...)
}

// sign returns the token as it stands in an address.
func (t calendarToken) sign(key []byte) string {
	payload := t.payload()
	return calendarEncoding.EncodeToString(append(signCalendar(key, payload), payload...))
}

// signCalendar is the signature of a payload. The words before it keep it apart from what the key may sign one day.
func signCalendar(key, payload []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("calendar file\n"))
	mac.Write(payload)
	return mac.Sum(nil)[:calendarSignature]
}

// uid is the UID of the entry: the same for ever, and no other entry's. Whoever has both addresses of a date has one
// entry in their calendar.
func (t calendarToken) uid() string {
	t.outside = false
	sum := sha256.Sum256(append([]byte("calendar entry\n"), t.payload()...))
	return hex.EncodeToString(sum[:16]) + "@meetbot"
}

// IsCalendarToken tells whether a text has the form of a calendar file's token. Any other text was never one.
func IsCalendarToken(text string) bool {
	_, ok := decodeCalendarToken(text)
	return ok
}

// decodeCalendarToken returns the bytes of a text that has the form of a token.
func decodeCalendarToken(text string) ([]byte, bool) {
	if len(text) > maxCalendarToken || strings.ContainsAny(text, "\r\n") { // which package base64 passes over
		return nil, false
	}
	raw, err := calendarEncoding.DecodeString(text)
	if err != nil || len(raw) <= calendarHead {
		return nil, false
	}
	version := raw[calendarSignature]
	return raw, version == calendarVersion || version == calendarOutside
}

// openCalendarToken reads a token; ok is false if it was not signed with this key.
func openCalendarToken(key []byte, text string) (t calendarToken, ok bool) {
	raw, ok := decodeCalendarToken(text)
	if !ok || !hmac.Equal(raw[:calendarSignature], signCalendar(key, raw[calendarSignature:])) {
		return calendarToken{}, false
	}
	t.outside = raw[calendarSignature] == calendarOutside
	copy(t.meeting[:], raw[calendarSignature+1:calendarHead])
	start, n := binary.Uvarint(raw[calendarHead:])
	if n <= 0 || start > maxCalendarStart {
		return calendarToken{}, false
	}
	t.start = int64(start)
	t.conversation, ok = ParseConversation(string(raw[calendarHead+n:]))
	return t, ok
}
