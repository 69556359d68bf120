package host

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/header-auth/header-auth/host/abi"
)

// hashes are the hash functions by name, in any case (Envoy, source/common/crypto/utility_impl.cc,
// UtilityImpl::getHashFunction).
var hashes = map[string]crypto.Hash{"sha1": crypto.SHA1, "sha224": crypto.SHA224, "sha256": crypto.SHA256,
	"sha384": crypto.SHA384, "sha512": crypto.SHA512}

// digest is the hash of a text; false for a function that is not supported.
func digest(name, text string) (crypto.Hash, []byte, bool) {
	hash, known := hashes[strings.ToLower(name)]
	if !known {
		return 0, nil, false
	}
	h := hash.New()
	h.Write([]byte(text))
	return hash, h.Sum(nil), true
}

// keyBytes is the key of two fields, DER and PEM, of which one must be set. Without PEM the Envoy knows that field not.
func (vm *VM) keyBytes(der, text string) (key []byte, ok bool) {
	if !vm.module.options.Profile.Rules().SignFunction {
		return []byte(der), true
	}
	switch {
	case (der == "") == (text == ""):
		return nil, false
	case text == "":
		return []byte(der), true
	}
	if block, _ := pem.Decode([]byte(text)); block != nil {
		return block.Bytes, true
	}
	return nil, true
}

// firstValue is the first ASN.1 value of b: what follows does not count.
func firstValue(b []byte) []byte {
	var raw asn1.RawValue
	if _, err := asn1.Unmarshal(b, &raw); err != nil {
		return nil
	}
	return raw.FullBytes
}

// verifySignature checks a signature by RSA (PKCS #1 v1.5) or ECDSA. The argument is a VerifySignatureArguments, the
// result a VerifySignatureResult, which says what went wrong. BadArgument for any other argument, and from Envoy 1.37
// on for one with no key, or with two (Envoy, source/common/crypto/utility_impl.cc, UtilityImpl::verifySignature).
func verifySignature(vm *VM, argument []byte) ([]byte, bool, abi.Status) {
	texts, _, ok := protoFields(argument, message{1: text{}, 2: octets{}, 3: octets{}, 4: octets{}, 5: text{}})
	if !ok {
		return nil, false, abi.StatusBadArgument
	}
	key, ok := vm.keyBytes(texts[2], texts[5])
	if !ok {
		return nil, false, abi.StatusBadArgument
	}
	fault := verify(texts[1], key, texts[3], texts[4])
	if fault != "" {
		return protowire.AppendString(protowire.AppendTag(nil, 2, protowire.BytesType), fault), true, abi.StatusOk
	}
	return []byte{1 << 3, 1}, true, abi.StatusOk
}

// verify is empty when the signature is the key's of the text, else what Envoy says.
func verify(hashName string, der []byte, signature, text string) string {
	hash, sum, known := digest(hashName, text)
	if !known {
		return hashName + " is not supported."
	}
	key, err := x509.ParsePKIXPublicKey(firstValue(der))
	valid := false
	switch key := key.(type) {
	case *rsa.PublicKey:
		valid = rsa.VerifyPKCS1v15(key, hash, sum, []byte(signature)) == nil
	case *ecdsa.PublicKey:
		valid = ecdsa.VerifyASN1(key, sum, []byte(signature))
	default:
		return "Failed to initialize digest verify."
	}
	if err != nil || !valid {
		return "Failed to verify digest. Error code: 0"
	}
	return ""
}

// sign makes a signature by RSA (PKCS #1 v1.5) or ECDSA. The argument is a SignArguments, the result a SignResult,
// which says what went wrong. BadArgument for any other argument, and for one with no key, or with two (Envoy 1.37 on,
// source/common/crypto/utility_impl.cc, UtilityImpl::sign).
func sign(vm *VM, argument []byte) ([]byte, bool, abi.Status) {
	texts, _, ok := protoFields(argument, message{1: text{}, 2: octets{}, 3: octets{}, 4: text{}})
	if !ok {
		return nil, false, abi.StatusBadArgument
	}
	key, ok := vm.keyBytes(texts[2], texts[4])
	if !ok {
		return nil, false, abi.StatusBadArgument
	}
	signature, fault := signed(texts[1], key, texts[4] != "", texts[3])
	if fault != "" {
		return protowire.AppendString(protowire.AppendTag(nil, 3, protowire.BytesType), fault), true, abi.StatusOk
	}
	return protowire.AppendBytes(protowire.AppendTag([]byte{1 << 3, 1}, 2, protowire.BytesType), signature), true,
		abi.StatusOk
}

// signed is the signature, or what Envoy says. A key in PEM may have the older forms of its kind, too.
func signed(hashName string, der []byte, fromPEM bool, text string) (signature []byte, fault string) {
	hash, sum, known := digest(hashName, text)
	if !known {
		return nil, hashName + " is not supported."
	}
	der = firstValue(der)
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil && fromPEM {
		if key, err = x509.ParsePKCS1PrivateKey(der); err != nil {
			key, err = x509.ParseECPrivateKey(der)
		}
	}
	if err != nil {
		return nil, "Invalid key type: private key required for signing operation."
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		signature, err = rsa.SignPKCS1v15(nil, key, hash, sum)
	case *ecdsa.PrivateKey:
		signature, err = ecdsa.SignASN1(rand.Reader, key, sum)
	default:
		return nil, "Invalid private key: key data is corrupted or malformed."
	}
	if err != nil {
		return nil, "Failed to create signature."
	}
	return signature, ""
}
