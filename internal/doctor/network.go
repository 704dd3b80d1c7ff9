package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"meetbot/internal/outbound"
)

// dialWithin is how long a connection may take.
const dialWithin = 3 * time.Second

// networkProxy tells whether the proxy answers by which the bot reaches every service but Redis.
func (e *examination) networkProxy(ctx context.Context) []finding {
	variable, address := e.proxy()
	if variable == "" {
		return one(ok("", "No proxy is set (HTTPS_PROXY); Slack, Entra, Graph and Teams are reached directly."))
	}
	proxy, err := url.Parse(address)
	if err == nil && proxy.Host == "" { // as net/http reads it
		proxy, err = url.Parse("http://" + address)
	}
	const example = "HTTPS_PROXY=http://proxy.contoso.com:3128"
	if err != nil || proxy.Hostname() == "" {
		return one(fail(variable, "The value is not the URL of a proxy, so Slack, Entra, Graph and Teams are not "+
			"reached.",
			"Correct it, for example: "+example))
	}
	host := proxy.Host
	if proxy.Port() == "" {
		host = net.JoinHostPort(proxy.Hostname(), map[string]string{"https": "443", "socks5": "1080"}[proxy.Scheme])
		if strings.HasSuffix(host, ":") {
			host += "80"
		}
	}
	conn, err := (&net.Dialer{Timeout: dialWithin}).DialContext(ctx, "tcp", host)
	if err != nil {
		return one(fail(variable, "The proxy "+host+" does not answer ("+outbound.Redact(err).Error()+"). The bot "+
			"goes through it to Slack, Entra, Graph and Teams.", "Try it on this machine: curl -sv -x "+proxy.Scheme+
			"://"+host+
			" https://login.microsoftonline.com/ -o /dev/null\nWhere no proxy is needed, remove "+variable+"."))
	}
	_ = conn.Close()
	if _, err := e.reach(ctx, e.config.Entra.AuthorityHost); errors.Is(err, outbound.ErrProxyCredentials) {
		return one(e.proxyCredentials(variable, host, proxy.User != nil))
	}
	return one(ok(variable, "The proxy "+host+" takes connections."))
}

// proxyCredentials says that the proxy does not let the bot through as it is.
func (e *examination) proxyCredentials(variable, host string, given bool) finding {
	said := "wants a user and a password (407), and " + variable + " has none."
	if given {
		said = "does not accept the user and the password of " + variable + " (407)."
	}
	return fail(variable, "The proxy "+host+" "+said+" Slack, Entra, Graph and Teams are not reached.",
		"Put them into the proxy's URL: "+variable+"=http://USER:PASSWORD@"+host+" (percent-encode special "+
			"characters: @ is %40). A proxy that wants Kerberos or NTLM needs a helper in between, such as cntlm.")
}

// proxy returns the variable that names the proxy for https, and its value; empty for none.
func (e *examination) proxy() (variable, address string) {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		if value := strings.TrimSpace(e.env[name]); value != "" {
			return name, value
		}
	}
	return "", ""
}

// reached is an answer of a service, whatever it was.
type reached struct {
	status int
	dated  bool          // the answer has a date
	ahead  time.Duration // of the service's clock before this machine's, by that date
}

// reach asks for a page of a service, without a token.
func (e *examination) reach(ctx context.Context, address string) (reached, error) {
	base, err := url.Parse(address)
	if err != nil {
		return reached{}, err
	}
	client := outbound.Client(outbound.Options{RootCAs: e.o.RootCAs}, base)
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base.String(), nil)
	if err != nil {
		return reached{}, err
	}
	sent := e.now()
	resp, err := client.Do(req)
	if err != nil {
		return reached{}, err
	}
	_ = resp.Body.Close()
	answer := reached{status: resp.StatusCode}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		took := e.now().Sub(sent)
		answer.dated = true
		answer.ahead = date.Add(time.Second / 2).Sub(sent.Add(took / 2)) // a date has no fractions of a second
	}
	return answer, nil
}

// unreachable explains why a service gave no answer. what is its name, and host where it was looked for.
func (e *examination) unreachable(what, address string, err error) finding {
	host := address
	if u, parseErr := url.Parse(address); parseErr == nil {
		host = u.Host
	}
	name := host
	if bare, _, splitErr := net.SplitHostPort(host); splitErr == nil {
		name = bare
	}
	said := outbound.Redact(err).Error()
	through := "It is reached directly, since HTTPS_PROXY is not set."
	open := "Allow connections from here to " + host + ". Where the way out is a proxy, set it: " +
		"HTTPS_PROXY=http://proxy.contoso.com:3128"
	if variable, _ := e.proxy(); variable != "" {
		through = "It is reached through the proxy of " + variable + "."
		open = "Let the proxy allow " + host + "."
	}
	try := "\nTry it on this machine: curl -sv https://" + host + "/ -o /dev/null"
	if _, is := errors.AsType[x509.UnknownAuthorityError](err); is {
		return fail(host, "The certificate of "+what+" is signed by an authority that this machine does not know. "+
			"Perhaps a proxy on the way opens the encryption and signs anew.",
			"Put the certificate of your proxy's authority into a file together with the system's, and name that "+
				"file: SSL_CERT_FILE=/etc/ssl/certs/with-proxy.pem\nSee who signed: openssl s_client -connect "+
				withPort(host)+
				" -servername "+name+" </dev/null")
	}
	if _, is := errors.AsType[x509.SystemRootsError](err); is {
		return fail(host, "This machine knows no certificate authorities at all, so it accepts no certificate, not "+
			"that of "+what+" either.", "Install them (apt-get install ca-certificates; apk add ca-certificates), "+
			"or name a file with them: SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt")
	}
	if untrusted(err) {
		return fail(host, "The certificate of "+what+" is not accepted ("+said+"). Perhaps this machine's clock is "+
			"wrong, or the address is another server's.", "Compare the clock (date -u), then look at the "+
			"certificate: openssl s_client -connect "+withPort(host)+" -servername "+name+" </dev/null")
	}
	if errors.Is(err, outbound.ErrProxyCredentials) {
		return fail(host, "The proxy on the way to "+what+" wants a user and a password.", proxyPassword)
	}
	if refusal, is := errors.AsType[outbound.ProxyRefusal](err); is {
		return fail(host, fmt.Sprintf("The proxy lets nobody through to %s (HTTP status %d).", what, int(refusal)),
			"Let the proxy allow CONNECT to "+withPort(host)+".")
	}
	if dns, is := errors.AsType[*net.DNSError](err); is && dns.IsNotFound {
		return fail(host, "The name "+name+" is not known here, so "+what+" is not reached. "+through,
			"Ask your name server: nslookup "+name+"\nIf the name is right: "+open)
	}
	return fail(host, what+" gives no answer ("+said+"). "+through, open+try)
}

const proxyPassword = "Put them into the proxy's URL: HTTPS_PROXY=http://USER:PASSWORD@proxy.contoso.com:3128"

// untrusted tells whether an error says that the certificate of a service is not accepted.
func untrusted(err error) bool {
	_, is := errors.AsType[*tls.CertificateVerificationError](err)
	return is
}

// transport tells whether an error says that there was no connection to a service, or no trusted one.
func transport(err error) bool {
	_, is := errors.AsType[net.Error](err)
	return is || untrusted(err)
}

// withPort is a host with the port of https, unless it has one.
func withPort(host string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(host, "443")
}

// upstream tells whether a service answers.
func (e *examination) upstream(ctx context.Context, what, address string) (reached, finding) {
	answer, err := e.reach(ctx, address)
	u, parseErr := url.Parse(address)
	switch {
	case err != nil:
		return answer, e.unreachable(what, address, err)
	case parseErr != nil:
		return answer, skip(address, "The address is no URL.")
	}
	return answer, ok(u.Host, what+" answers.")
}
