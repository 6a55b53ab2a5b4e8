# SPDX-License-Identifier: MIT
"""test_request.py CALL: calls of AWS's APIs, every one judged by Amazon's own code; and with moto as the other side."""
import datetime
import hashlib
import itertools
import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import boto3

import harness
from harness import KEY, SECRET
from server import Answer, Server
from verify_sigv4 import verify_sigv4

CALL = sys.argv[1]
ENV = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "eu-west-1"}
UNSENT = 3
ERRORS = {  # as services spell the same error
    "json": (b'{"__type": "com.amazonaws.sqs#%s", "message": "no"}', {}),
    "header": (b"{}", {"x-amzn-errortype": "%s:http://internal.amazon.com/"}),
    "xml": (b"<?xml version='1.0'?><ErrorResponse xmlns='x'><Error><Type>Sender</Type><Code>%s</Code></Error></ErrorResponse>", {}),
}


def refuse(kind, code, status=403):
    body, headers = ERRORS[kind]
    return Answer(status, body % code.encode() if b"%s" in body else body,
                  {name: value % code for name, value in headers.items()})


def call(server, *lines, env=None, options=()):
    answers, log = harness.run(CALL, *options, lines=lines, env=ENV | {"AWS_ENDPOINT_URL": server.url} | (env or {}))
    return answers, log


class Signatures(unittest.TestCase):
    def check(self, *lines, env=None, token=None, service=None, region="eu-west-1"):
        with Server(lambda request: Answer(200, b"fine"), {KEY: (SECRET, token)}) as server:
            answers, _ = call(server, *lines, env=env)
            self.assertEqual([answer["status"] for answer in answers], [200] * len(answers))
            self.assertEqual([request.faults for request in server.requests], [[]] * len(answers))
            for request in server.requests:
                self.assertIn(f"/{region}/{service}/aws4_request" if service else "/", request.header("Authorization"))
            return server.requests

    def test_lambda_by_arn(self):
        request, = self.check({"service": "lambda", "path": "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A"
                               "123456789012%3Afunction%3Aorders/invocations", "query": "Qualifier=%24LATEST", "body": "{}",
                               "headers": {"X-Amz-Invocation-Type": "RequestResponse"}}, service="lambda")
        self.assertIsNone(request.header("Content-Type"), "libcurl adds one of its own")

    def test_sqs(self):
        request, = self.check({"service": "sqs", "body": '{"QueueUrl": "x"}', "headers": {
            "X-Amz-Target": "AmazonSQS.SendMessage", "Content-Type": "application/x-amz-json-1.0"}}, service="sqs")
        self.assertEqual(request.header("Content-Type"), "application/x-amz-json-1.0")

    def test_session_token(self):
        self.check({"service": "sns", "body": "Action=Publish"}, env={"AWS_SESSION_TOKEN": "TOKEN/+=="}, token="TOKEN/+==")

    def test_region_of_the_call(self):
        self.check({"service": "sns", "body": "x", "region": "us-gov-west-1"}, service="sns", region="us-gov-west-1")

    def test_s3_path(self):
        request, = self.check({"service": "s3", "method": "PUT", "body": "x" * 100000,
                               "path": "/bucket/a%20b/../%C3%BC%2B%25c%3Ad%3D%28e%29~%21%2A%27//x"}, service="s3")
        self.assertIn("/../", request.target, "it is sent as it was signed")
        self.assertEqual(request.header("X-Amz-Content-Sha256"), hashlib.sha256(b"x" * 100000).hexdigest())

    def test_s3_unsigned_payload(self):
        request, = self.check({"service": "s3", "method": "PUT", "body": "x", "path": "/b/k", "unsigned": True}, service="s3")
        self.assertEqual(request.header("X-Amz-Content-Sha256"), "UNSIGNED-PAYLOAD")

    def test_query_out_of_order(self):
        self.check({"service": "s3", "path": "/b", "query": "prefix=b%2Fa&list-type=2&prefix=a&max-keys="}, service="s3")

    def test_get_without_body(self):
        self.check({"service": "kafka", "path": "/v1/clusters/arn%3Aaws%3Akafka/bootstrap-brokers"}, service="kafka")

    def test_virtual_host(self):
        with Server(lambda request: Answer(), {KEY: (SECRET, None)}) as server:
            port = server.url.rsplit(":", 1)[1]
            answers, _ = call(server, {"service": "s3", "endpoint": f"http://localhost:{port}/", "host_label": "bucket",
                                       "path": "/k"})
            self.assertEqual(answers[0]["status"], 200)
            self.assertEqual(server.requests[0].header("Host"), f"bucket.localhost:{port}")
            self.assertEqual(server.requests[0].faults, [])

    def test_path_below_an_endpoint(self):
        with Server(lambda request: Answer(), {KEY: (SECRET, None)}) as server:
            call(server, {"service": "sqs", "body": "{}", "endpoint": server.url + "/base/"})
            self.assertEqual((server.requests[0].target, server.requests[0].faults), ("/base/", []))

    def test_wrong_secret_is_refused(self):
        with Server(lambda request: Answer(), {KEY: (SECRET, None)}) as server:
            call(server, {"service": "sqs", "body": "{}"}, env={"AWS_SECRET_ACCESS_KEY": SECRET + "x"})
            self.assertIn("another signature", server.requests[0].faults[0])


class Judge(unittest.TestCase):
    """The judge itself, on a request that Amazon's client sent (boto3 1.44.8)."""
    TARGET = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Aorders/invocations"
    TOKEN = "SESSIONTOKENEXAMPLE//=="
    SIGNATURE = "5bb7d18102d5609a63a3c286ecbf967e5203e017f82ef87fa71f3aba7121cd48"

    def faults(self, method="POST", target=TARGET, host="127.0.0.1:33255", body=b'{"a":1}', secret=SECRET, token=TOKEN,
               signature=SIGNATURE, names="host;x-amz-date;x-amz-security-token", more=(), **expected):
        headers = [("Host", host), ("X-Amz-Date", "20261124T224838Z"), ("X-Amz-Security-Token", self.TOKEN), *more, (
            "Authorization", f"AWS4-HMAC-SHA256 Credential={KEY}/20261124/us-east-1/lambda/aws4_request, "
            f"SignedHeaders={names}, Signature={signature}")]
        return verify_sigv4(method, f"http://{host}{target}", headers, body, secret, token=token, **expected)

    def test_takes_what_is_good(self):
        self.assertEqual(self.faults(service="lambda", region="us-east-1"), [])

    def test_refuses_all_else(self):
        self.assertTrue(self.faults(method="PUT"))
        self.assertTrue(self.faults(target=self.TARGET.replace("%3A", ":")))
        self.assertTrue(self.faults(target=self.TARGET + "?a=b"))
        self.assertTrue(self.faults(host="127.0.0.1"))
        self.assertTrue(self.faults(body=b'{"a":2}'))
        self.assertTrue(self.faults(secret=SECRET[:-1]))
        self.assertTrue(self.faults(token=None))
        self.assertTrue(self.faults(signature="6" + self.SIGNATURE[1:]))
        self.assertTrue(self.faults(names="host;x-amz-security-token;x-amz-date"))
        self.assertTrue(self.faults(more=[("Content-Type", "text/plain")]))
        self.assertTrue(self.faults(more=[("X-Amz-Log-Type", "Tail")]))
        self.assertTrue(self.faults(service="sqs"))
        self.assertTrue(self.faults(region="eu-west-1"))
        self.assertTrue(self.faults(now=datetime.datetime(2026, 11, 24, 22, 54, tzinfo=datetime.timezone.utc)))


class Repetition(unittest.TestCase):
    def test_clock_is_corrected_once(self):
        """The clock of this program is 20 minutes off; then it is right, for later calls too."""
        for kind in ERRORS:
            for skew in (-1200, 1200):
                with self.subTest(kind=kind, skew=skew):
                    def answer(request):
                        return refuse(kind, "RequestTimeTooSkewed") if request.faults else Answer(200, b"fine")
                    with Server(answer, {KEY: (SECRET, None)}) as server:
                        answers, _ = call(server, {"service": "sqs", "body": "{}"}, {"service": "sqs", "body": "{}"},
                                          env={"CALL_SKEW_MS": str(skew * 1000)})
                        self.assertEqual([answer["status"] for answer in answers], [200, 200])
                        self.assertEqual([bool(request.faults) for request in server.requests], [True, False, False])

    def test_clock_that_is_right_is_no_excuse(self):
        with Server(lambda request: refuse("json", "InvalidSignatureException"), {KEY: (SECRET, None)}) as server:
            answers, _ = call(server, {"service": "sqs", "body": "{}"})
            self.assertEqual((answers[0]["status"], answers[0]["code"]), (403, "InvalidSignatureException"))
            self.assertEqual(len(server.requests), 1)

    def test_skew_that_stays_ends(self):
        hours = itertools.count(1)
        with Server(lambda request: refuse("xml", "RequestExpired"), {KEY: (SECRET, None)},
                    clock=lambda: time.time() + 3600 * next(hours)) as server:
            answers, _ = call(server, {"service": "sns", "body": "x"})
            self.assertEqual((answers[0]["status"], answers[0]["code"]), (403, "RequestExpired"))
            self.assertEqual(len(server.requests), 2)

    def test_expired_token_finds_new_keys_once(self):
        """The keys of a process are found anew; each time they are others."""
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        path = os.path.join(directory.name, "asked")
        script = (f"echo x >> {path}; n=$(wc -l < {path}); echo '{{\"Version\": 1, \"AccessKeyId\": \"KEY'$n'\", "
                  f"\"SecretAccessKey\": \"S\", \"SessionToken\": \"T'$n'\"}}'")
        config = path + ".config"
        with open(config, "w") as file:
            file.write(f"[default]\ncredential_process = {script}\n")
        keys = {f"KEY{n}": ("S", f"T{n}") for n in range(1, 9)}
        env = {"AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": "/nowhere", "AWS_ACCESS_KEY_ID": "",
               "AWS_SECRET_ACCESS_KEY": ""}

        def answer(request):
            return refuse("header", "ExpiredTokenException", 400) if "=KEY1/" in request.header("Authorization") else Answer()
        with Server(answer, keys) as server:
            answers, _ = call(server, {"service": "lambda", "body": "{}"}, {"service": "lambda", "body": "{}"}, env=env)
            self.assertEqual([answer["status"] for answer in answers], [200, 200])
            self.assertEqual([request.faults for request in server.requests], [[]] * 3)
        os.unlink(path)
        with Server(lambda request: refuse("json", "ExpiredToken", 400), keys) as server:
            answers, _ = call(server, {"service": "lambda", "body": "{}"}, env=env)
            self.assertEqual((answers[0]["status"], answers[0]["code"]), (400, "ExpiredToken"))
            self.assertEqual(len(server.requests), 2)


class Failures(unittest.TestCase):
    def test_codes(self):
        for kind in ERRORS:
            with Server(lambda request: refuse(kind, "ThrottlingException", 400), {KEY: (SECRET, None)}) as server:
                answers, _ = call(server, {"service": "sqs", "body": "{}"})
                self.assertEqual((answers[0]["code"], len(server.requests)), ("ThrottlingException", 1))

    def test_no_credentials(self):
        with Server(lambda request: Answer(), {}) as server:
            answers, _ = call(server, {"together": [{"service": "sqs", "body": "{}"}, {"service": "sns", "body": "x"}]}, env={
                "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONFIG_FILE": "/nowhere",
                "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"})
            self.assertEqual([(answer["end"], answer["status"]) for answer in answers], [(UNSENT, 0)] * 2)
            self.assertEqual(server.requests, [])
            for answer in answers:
                self.assertIn("AWS_ACCESS_KEY_ID", answer["error"])

    def test_no_region(self):
        with Server(lambda request: Answer(), {}) as server:
            for region in ("", "nowhere", "eu-west-1\r\nX: y"):
                answers, _ = call(server, {"service": "sqs", "body": "{}", "endpoint": server.url}, env={"AWS_REGION": region})
                self.assertIn("refused", answers[0], region)
            self.assertEqual(server.requests, [])

    def test_nobody_there(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = "http://127.0.0.1:%d" % free.getsockname()[1]
        answers, _ = harness.run(CALL, lines=[{"service": "sqs", "body": "{}"}], env=ENV | {"AWS_ENDPOINT_URL": url})
        self.assertEqual(answers[0]["end"], UNSENT)

    def test_many_at_once(self):
        with Server(lambda request: Answer(200, request.body), {KEY: (SECRET, None)}) as server:
            answers, _ = call(server, {"together": [{"service": "sqs", "body": f"{n}"} for n in range(50)]})
            self.assertEqual(sorted((answer["call"], answer["body"]) for answer in answers), [(n, str(n)) for n in range(50)])
            self.assertEqual([request.faults for request in server.requests], [[]] * 50)


class Moto(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        cls.url = f"http://127.0.0.1:{port}"
        cls.moto = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("moto does not start")

    @classmethod
    def tearDownClass(cls):
        cls.moto.terminate()
        cls.moto.wait()

    def client(self, service):
        return boto3.client(service, endpoint_url=self.url, region_name="eu-west-1", aws_access_key_id=KEY,
                            aws_secret_access_key=SECRET)

    def call(self, line):
        answers, _ = harness.run(CALL, lines=[line], env=ENV | {"AWS_ENDPOINT_URL": self.url})
        return answers[0]

    def test_sqs(self):
        queue = self.client("sqs").create_queue(QueueName="dlq")["QueueUrl"]
        answer = self.call({"service": "sqs", "body": f'{{"QueueUrl": "{queue}", "MessageBody": "a \\u00fc"}}', "headers": {
            "X-Amz-Target": "AmazonSQS.SendMessage", "Content-Type": "application/x-amz-json-1.0"}})
        self.assertEqual(answer["status"], 200, answer)
        message, = self.client("sqs").receive_message(QueueUrl=queue)["Messages"]
        self.assertEqual(message["Body"], "a ü")

    def test_sqs_error(self):
        answer = self.call({"service": "sqs", "body": f'{{"QueueUrl": "{self.url}/1/none", "MessageBody": "x"}}', "headers": {
            "X-Amz-Target": "AmazonSQS.SendMessage", "Content-Type": "application/x-amz-json-1.0"}})
        self.assertEqual((answer["status"], answer["code"]), (400, "QueueDoesNotExist"))

    def test_s3(self):
        self.client("s3").create_bucket(Bucket="dlq-bucket",
                                        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        answer = self.call({"service": "s3", "method": "PUT", "path": "/dlq-bucket/aws/lambda/u/t-0/2026/a%20b%3Ac%2B",
                            "body": "document", "headers": {"Content-Type": "application/json"}})
        self.assertEqual(answer["status"], 200, answer)
        self.assertEqual(self.client("s3").get_object(Bucket="dlq-bucket", Key="aws/lambda/u/t-0/2026/a b:c+")["Body"].read(),
                         b"document")
        self.assertEqual(self.call({"service": "s3", "path": "/no-such-bucket/k"})["code"], "NoSuchBucket")

    def test_secrets_manager(self):
        self.client("secretsmanager").create_secret(Name="kafka-auth", SecretString='{"username": "u"}')
        answer = self.call({"service": "secretsmanager", "body": '{"SecretId": "kafka-auth"}', "headers": {
            "X-Amz-Target": "secretsmanager.GetSecretValue", "Content-Type": "application/x-amz-json-1.1"}})
        self.assertEqual(answer["status"], 200, answer)
        self.assertIn("username", answer["body"])


if __name__ == "__main__":
    sys.argv[1:] = []
    harness.main()
