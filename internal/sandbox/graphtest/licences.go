package graphtest

// assignedPlans are the plans of a user's licences: Exchange, and Teams, which is switched off for a user who is not
// licensed for it (document "user", property "assignedPlans").
func assignedPlans(u *User) any {
	teams := "Enabled"
	if u.Unlicensed {
		teams = "Deleted"
	}
	plan := func(service, status, id string) map[string]any {
		return map[string]any{
			"assignedDateTime": "2026-01-05T09:00:00Z", "capabilityStatus": status, "service": service,
			"servicePlanId": id,
		}
	}
	return []map[string]any{
		plan("exchange", "Enabled", "efb87545-963c-4e0d-99df-69c6916d9eb0"),
		plan("TeamspaceAPI", teams, "57ff2da0-773e-42df-b2af-ffb7a2317929"),
	}
}
