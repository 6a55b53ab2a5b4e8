# SPDX-License-Identifier: MIT
"""verify_sigv4(): would AWS take this signature? Amazon's own Python client computes it anew from what a server received."""
import datetime
import hashlib
import re
import urllib.parse

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/, ]+)/(?P<day>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, "
    r"SignedHeaders=(?P<names>[^, ]+), Signature=(?P<signature>[0-9a-f]{64})")
SKEW = datetime.timedelta(minutes=5)


class Reader:
    """What a request says about its signature, and what is wrong with that."""

    def __init__(self, headers):
        self.faults = []
        self.headers = {}
        for name, value in headers:
            self.headers.setdefault(name.lower(), []).append(value)
        self.found = AUTHORIZATION.fullmatch(self.one("authorization") or "")
        self.date = self.one("x-amz-date") or ""

    def one(self, name):
        values = self.headers.get(name, [])
        return values[0] if len(values) == 1 else None

    def expect(self, holds, fault):
        if not holds:
            self.faults.append(fault)

    def check_scope(self, service, region, now):
        day = self.date[:8]
        self.expect(self.found["day"] == day, f"signed for {self.found['day']}, dated {day}")
        self.expect(service in (None, self.found["service"]), f"signed for {self.found['service']}, not {service}")
        self.expect(region in (None, self.found["region"]), f"signed for {self.found['region']}, not {region}")
        if now:
            then = datetime.datetime.strptime(self.date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
            self.expect(abs(now - then) <= SKEW, f"dated {then}, and it is {now}")

    def check_names(self):
        names = self.found["names"].split(";")
        self.expect(names == sorted({name.lower() for name in names}), f"header names out of order: {names}")
        must = {name for name in self.headers if name.startswith("x-amz-") or name in ("content-type", "host")}
        self.expect(must <= set(names), f"sent and not signed: {sorted(must - set(names))}")
        self.expect(set(names) <= self.headers.keys(), f"signed and not sent: {sorted(set(names) - self.headers.keys())}")
        return [name for name in names if name in self.headers]

    def check_payload(self, body):
        said = self.one("x-amz-content-sha256")
        is_s3 = self.found["service"] == "s3"
        self.expect(said or not is_s3, "S3 without the hash of the payload")
        if said and not (is_s3 and (said == "UNSIGNED-PAYLOAD" or said.startswith("STREAMING-"))):
            self.expect(said == hashlib.sha256(body).hexdigest(), "the hash is not that of the payload")


def escape(text, safe="-_.~"):
    return urllib.parse.quote(urllib.parse.unquote(text), safe=safe)


def canonical_url(url, is_s3):
    """As a service reads it. botocore escapes a path once more as it stands, but that of S3."""
    parts = urllib.parse.urlsplit(url)
    pairs = [pair.partition("=") for pair in parts.query.split("&") if pair]
    query = "&".join(f"{escape(name)}={escape(value)}" for name, _, value in pairs)
    path = escape(parts.path, "/-_.~") if is_s3 else parts.path
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def sign_again(reader, method, url, names, body, credentials):
    service = reader.found["service"]
    request = AWSRequest(method=method, url=canonical_url(url, service == "s3"), data=body)
    for name in names:
        for value in reader.headers[name]:
            request.headers[name] = value
    request.context["timestamp"] = reader.date
    base = S3SigV4Auth if service == "s3" else SigV4Auth
    # Exactly the headers that were signed, where botocore would choose for itself.
    signer = type("Signer", (base,), {"headers_to_sign": lambda self, given: given.headers})(
        credentials, service, reader.found["region"])
    canonical = signer.canonical_request(request)
    return signer.signature(signer.string_to_sign(request, canonical), request), canonical


def verify_sigv4(method, url, headers, body, secret, *, token=None, service=None, region=None, now=None):
    """The faults of a signature in headers; none: it is good.

    url: http:// with the Host and the target exactly as received. headers: pairs, as received. token: that of the key.
    service, region and now (with its time zone) are compared if given."""
    reader = Reader(headers)
    body = body or b""
    if not reader.found:
        return ["no Authorization of this kind"]
    if not re.fullmatch(r"\d{8}T\d{6}Z", reader.date):
        return ["no X-Amz-Date"]
    reader.check_scope(service, region, now)
    names = reader.check_names()
    reader.check_payload(body)
    reader.expect(reader.one("x-amz-security-token") == token, "not the session token of this key")
    reader.expect("+" not in urllib.parse.urlsplit(url).query, "a + in the query: is it a space or a plus?")
    credentials = Credentials(reader.found["key"], secret, token)
    signature, canonical = sign_again(reader, method, url, names, body, credentials)
    reader.expect(signature == reader.found["signature"], f"another signature; what is to be signed:\n{canonical}")
    return reader.faults
