package bot

import (
	"context"
	"errors"
)

// SendRoute sends a reply by one route. It returns what it posted, as far as the platform tells.
type SendRoute func(ctx context.Context) (Posted, error)

// DeliverByRoutes sends a reply by the first route that works, for [Platform.Deliver]. stop tells whether an error of
// one route ends the delivery: then that error is returned. Otherwise the next route is tried, which is right only if
// the reply certainly did not arrive. If no route works, the error is an *Error that joins the errors of all routes,
// and Unsent: Unavailable if one of them may work later, else ChatCredentials if the platform refused the bot on one of
// them, else Undeliverable.
func DeliverByRoutes(ctx context.Context, routes []SendRoute, stop func(error) bool) (Posted, error) {
	failed := &Error{Code: Undeliverable, Unsent: true}
	for _, send := range routes {
		posted, err := send(ctx)
		if err == nil {
			return posted, nil
		}
		if stop(err) {
			return Posted{}, err
		}
		switch {
		case Temporary(err):
			failed.Code = Unavailable
		case CodeOf(err) == ChatCredentials && failed.Code == Undeliverable:
			failed.Code = ChatCredentials
		}
		failed.Err = errors.Join(failed.Err, err)
	}
	return Posted{}, failed
}
