package entra

import (
	"slices"

	"github.com/golang-jwt/jwt/v5"
)

// Roles are the application permissions that an access token of an app gives it: its claim "roles" (document
// "access-token-claims-reference"). There are none in a token that cannot be read: what stands in a token for another
// service is not promised. The signature is not checked, since the token came from Entra itself.
func Roles(token string) []string {
	var claims struct {
		jwt.RegisteredClaims
		Roles []string `json:"roles"`
	}
	if _, _, err := jwt.NewParser().ParseUnverified(token, &claims); err != nil {
		return nil
	}
	return claims.Roles
}

// ObjectID is who an access token of an app stands for: its claim "oid", the object ID of the app's service principal
// or of the managed identity. It is empty for a token that cannot be read; see [Roles].
func ObjectID(token string) string {
	var claims struct {
		jwt.RegisteredClaims
		ObjectID string `json:"oid"`
	}
	if _, _, err := jwt.NewParser().ParseUnverified(token, &claims); err != nil {
		return ""
	}
	return claims.ObjectID
}

// HasRole tells whether an access token of an app gives it the application permission; see [Roles].
func HasRole(token, permission string) bool { return slices.Contains(Roles(token), permission) }
