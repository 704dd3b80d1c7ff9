package entra

import (
	"fmt"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// CheckCertificate tells whether a file is what [Config] takes as CertificatePath: a certificate with its private key,
// in PEM or PKCS#12, which the password opens. It asks nobody. Its error holds neither the password nor the key.
func CheckCertificate(path, password string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the certificate: %w", err)
	}
	if _, _, err := azidentity.ParseCertificates(data, []byte(password)); err != nil {
		return fmt.Errorf("read the certificate: %w", err)
	}
	return nil
}
