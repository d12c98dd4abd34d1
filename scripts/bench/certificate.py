"""A certificate for 127.0.0.1, and the authority that signs it: for calls over TLS on loopback."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path


def write_certificate(file: Path) -> Path:
    """Write a new certificate with its key and its authority, valid for a day, into `file`, as PEM: a server's chain and a
    client's trust in one, as strict as Python 3.13 wants it. Needs `cryptography`."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)

    def signed(name: str, own: ec.EllipticCurvePrivateKey, *extensions: x509.ExtensionType) -> bytes:
        issuer, subject = (
            x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, word)]) for word in ("authority", name)
        )
        builder = (
            x509.CertificateBuilder(issuer, subject, own.public_key(), x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=True)
        return builder.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    loopback = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    root = x509.BasicConstraints(ca=True, path_length=None)
    signs = x509.KeyUsage(*[False] * 5, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + signed("loopback", key, loopback) + signed("authority", authority, root, signs))
    return file
