package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"meetbot/store"
)

// copyForm is the version of the form in which data is exported. It stands in the first line, so that no other file is
// taken for an export.
const copyForm = 1

// copyHead is the first line of an export.
type copyHead struct {
	Form     int       `json:"meetbot_export"`
	Exported time.Time `json:"exported"`
}

// copyLine is each further line. The last one has no key, and says how many there are: so a file that was cut is known.
type copyLine struct {
	Key     string    `json:"key,omitempty"`
	Value   []byte    `json:"value,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
	Keys    int       `json:"keys,omitempty"`
}

// Export writes all that this deployment has in Redis to Out, as lines of JSON. Whoever reads them can join every
// meeting.
func Export(ctx context.Context, c Config, o Operation) error {
	return withStore(ctx, c, func(s *store.Store) error {
		w := bufio.NewWriter(o.Out)
		lines := json.NewEncoder(w)
		if err := lines.Encode(copyHead{copyForm, time.Now().UTC()}); err != nil {
			return err
		}
		seen := map[string]bool{} // a key may be found twice
		err := s.Export(ctx, func(e store.Entry) error {
			if seen[e.Key] {
				return nil
			}
			seen[e.Key] = true
			return lines.Encode(copyLine{Key: e.Key, Value: e.Value, Expires: e.Expires})
		})
		if err == nil {
			err = lines.Encode(copyLine{Keys: len(seen)})
		}
		if err = errors.Join(err, w.Flush()); err != nil {
			return err
		}
		o.audit(ctx, "export", "keys", len(seen))
		return nil
	})
}

// imported is what came of an import.
type imported struct {
	Keys  int `json:"keys"`  // of the export
	Taken int `json:"taken"` // that are in Redis now, or have expired
	Held  int `json:"held"`  // that were in Redis before, and were left as they are
}

// Import writes what [Export] wrote into Redis, under the prefix of this configuration. It replaces nothing: a key that
// is there stays as it is, and is an error in the end. It may be repeated.
func Import(ctx context.Context, c Config, o Operation, in io.Reader) error {
	return withStore(ctx, c, func(s *store.Store) error {
		lines := json.NewDecoder(bufio.NewReader(in))
		var head copyHead
		if err := lines.Decode(&head); err != nil || head.Form != copyForm {
			return errors.New("this file is no export of a release that this one knows")
		}
		var result imported
		for {
			var line copyLine
			if err := lines.Decode(&line); err != nil {
				return fmt.Errorf("the export is cut or damaged after %d keys: %w", result.Keys, err)
			}
			if line.Key == "" {
				if line.Keys != result.Keys {
					return fmt.Errorf("the export has %d keys, and %d were read", line.Keys, result.Keys)
				}
				break
			}
			result.Keys++
			switch err := s.Import(ctx, store.Entry{Key: line.Key, Value: line.Value, Expires: line.Expires}); {
			case errors.Is(err, store.ErrHeld):
				result.Held++
			case err != nil:
				return err
			default:
				result.Taken++
			}
		}
		o.audit(ctx, "import", "keys", result.Keys, "held", result.Held)
		err := o.write(result, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "%d of %d keys were imported.\n", result.Taken, result.Keys)
		})
		if result.Held > 0 {
			err = errors.Join(err, fmt.Errorf("%d keys were there already, and were left as they are", result.Held))
		}
		return err
	})
}
