package bot_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"meetbot/bot"
)

// The first route that works ends the delivery, and so does an error that stops it; without either, the errors of all
// routes are joined.
func TestDeliverByRoutes(t *testing.T) {
	var (
		closed      = &bot.Error{Code: bot.Undeliverable, Err: errors.New("closed")}
		refused     = &bot.Error{Code: bot.ChatCredentials, Err: errors.New("refused")}
		unavailable = &bot.Error{Code: bot.Unavailable, Err: errors.New("away")}
		unsent      = &bot.Error{Code: bot.Unavailable, Unsent: true, Err: errors.New("no connection")}
	)
	atCredentials := func(err error) bool { return bot.Temporary(err) || bot.CodeOf(err) == bot.ChatCredentials }
	sent := func(err error) bool { return bot.Temporary(err) && !bot.Unsent(err) }
	for name, tt := range map[string]struct {
		results []error
		stop    func(error) bool
		tried   int
		want    bot.Code // empty: delivered
		joined  []error
	}{
		"the first": {[]error{nil, nil}, bot.Temporary, 1, "", nil},
		"the last":  {[]error{closed, refused, nil}, bot.Temporary, 3, "", nil},
		"none":      {[]error{closed, closed}, bot.Temporary, 2, bot.Undeliverable, []error{closed}},
		"one refused": {
			[]error{closed, refused, closed}, bot.Temporary, 3, bot.ChatCredentials, []error{closed, refused},
		},
		"stopped for the moment": {
			[]error{closed, unavailable, nil}, bot.Temporary, 2, bot.Unavailable, []error{unavailable},
		},
		"stopped when refused":         {[]error{refused, nil}, atCredentials, 1, bot.ChatCredentials, []error{refused}},
		"the next after no connection": {[]error{unsent, nil}, sent, 2, "", nil},
		"no connection, and closed": {
			[]error{unsent, closed, refused}, sent, 3, bot.Unavailable, []error{unsent, closed, refused},
		},
		"no route": {nil, bot.Temporary, 0, bot.Undeliverable, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var routes []bot.SendRoute
			tried := 0
			for i, result := range tt.results {
				routes = append(routes, func(context.Context) (bot.Posted, error) {
					tried++
					return bot.Posted{Root: []string{"a", "b", "c"}[i]}, result
				})
			}
			posted, err := bot.DeliverByRoutes(t.Context(), routes, tt.stop)
			if bot.CodeOf(err) != tt.want || tried != tt.tried {
				t.Errorf("%v after %d routes, want %q after %d", err, tried, tt.want, tt.tried)
			}
			if want := slices.Index(tt.results, nil); err == nil && posted.Root != []string{"a", "b", "c"}[want] ||
				err != nil && posted != (bot.Posted{}) {
				t.Errorf("posted %q", posted)
			}
			for _, cause := range tt.joined {
				if !errors.Is(err, cause) {
					t.Errorf("%v does not tell %v", err, cause)
				}
			}
		})
	}
}
