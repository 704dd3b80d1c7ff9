package teamsapp

import (
	"encoding/json"

	"meetbot/bot/teamsapp/connector"
)

// incoming is an activity with the fields that the bot reads. The fields of [connector.Activity] that it only writes
// are taken as they are: what Teams puts there one day must not lose a command.
type incoming struct {
	connector.Activity

	Entities    json.RawMessage `json:"entities"`
	Attachments json.RawMessage `json:"attachments"`
	TextFormat  json.RawMessage `json:"textFormat"`
	Summary     json.RawMessage `json:"summary"`
	ReplyTo     json.RawMessage `json:"replyToId"`
}

// readActivity reads an activity that came in. Of its entities only mentions are kept.
func readActivity(body []byte) (connector.Activity, error) {
	var in incoming
	if err := json.Unmarshal(body, &in); err != nil {
		return connector.Activity{}, err
	}
	var entities []json.RawMessage
	_ = json.Unmarshal(in.Entities, &entities) // anything else than a list holds no mention
	for _, raw := range entities {
		var e connector.Entity
		if json.Unmarshal(raw, &e) == nil && e.Type == "mention" {
			in.Activity.Entities = append(in.Activity.Entities, e)
		}
	}
	return in.Activity, nil
}
