package entra

import (
	"slices"

	"github.com/golang-jwt/jwt/v5"
)

// HasRole tells whether an access token of an app gives it the application permission: whether its claim "roles" names
// it (document "access-token-claims-reference"). It is false for a token that cannot be read: what stands in a token
// for another service is not promised. The signature is not checked, since the token came from Entra itself.
func HasRole(token, permission string) bool {
	var claims struct {
		jwt.RegisteredClaims
		Roles []string `json:"roles"`
	}
	if _, _, err := jwt.NewParser().ParseUnverified(token, &claims); err != nil {
		return false
	}
	return slices.Contains(claims.Roles, permission)
}
