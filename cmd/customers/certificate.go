package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"net"
	"time"
)

// certificateLifetime is long enough for a sandbox, and too short for a certificate that somebody forgot to distrust.
const certificateLifetime = 7 * 24 * time.Hour

// throwAway makes a certificate for loopback, and the authority that signed it, in PEM. The authority's key is forgotten
// with the return: it can never sign another one.
func throwAway() (served tls.Certificate, authority []byte, err error) {
	now := time.Now()
	template := x509.Certificate{
		Subject:   pkix.Name{CommonName: "customers sandbox, throw-away authority"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLifetime), // clocks differ
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return served, nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		return served, nil, err
	}
	issuer, err := x509.ParseCertificate(der)
	if err != nil {
		return served, nil, err
	}
	authority = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})

	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return served, nil, err
	}
	template = x509.Certificate{
		Subject:   pkix.Name{CommonName: "customers sandbox"},
		NotBefore: template.NotBefore, NotAfter: template.NotAfter, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err = x509.CreateCertificate(rand.Reader, &template, issuer, own.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: own}, authority, err
}
