# SPDX-License-Identifier: MIT
"""test_credentials.py CREDENTIALS: every place that keys come from, as the client of a server that plays it."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
from urllib.parse import parse_qs

from server import Answer, Server

PROGRAM = sys.argv[1]
ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
ROLE = "arn:aws:iam::111122223333:role/esm"
count = faults = 0
said = []  # all that was logged or told as an error
secrets = {SECRET, "PATH-SECRET", "WEB-TOKEN-SECRET", "BEARER-SECRET", "IMDS-TOKEN-SECRET"}


def check(ok, text):
    global count, faults
    count += 1
    if not ok:
        faults += 1
        print("FAULT:", text, flush=True)
    return ok


def same(got, wanted, what):
    check(got == wanted, f"{what}: {got!r}, not {wanted!r}")


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def secret(number):
    secrets.update((f"SECRET-OF-{number}", f"TOKEN/OF+{number}=="))
    return f"SECRET-OF-{number}", f"TOKEN/OF+{number}=="


def keys_json(number, life=3600, token="Token", **more):
    return json.dumps({"AccessKeyId": f"ID{number}", "SecretAccessKey": secret(number)[0], token: secret(number)[1],
                       "Expiration": iso(time.time() + life), **more})


def sts_xml(action, number, life=3600):
    key, token = secret(number)
    return (f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result><AssumedRoleUser>'
            f"<Arn>a &amp; b</Arn></AssumedRoleUser><Credentials><AccessKeyId>ID{number}</AccessKeyId>"
            f"<SecretAccessKey>{key}</SecretAccessKey><SessionToken>{token.replace('+', '&#43;')}</SessionToken>"
            f"<Expiration>{iso(time.time() + life)}</Expiration></Credentials></{action}Result>"
            f"<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{action}Response>")


def sts_error(status, code):
    return Answer(status, f'<ErrorResponse xmlns="x"><Error><Type>Sender</Type><Code>{code}</Code><Message>{SECRET}'
                          f"</Message></Error></ErrorResponse>".encode())


def expected(number, serial=1):
    return ["keys", f"ID{number}", *secret(number), str(serial)]


class Program:
    """The program under test. Files: config and credentials as texts."""

    def __init__(self, *options, config="", credentials="", **environment):
        self.directory = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.directory.name)
        self.write("config", config)
        self.write("credentials", credentials)
        base = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        base |= {"AWS_CONFIG_FILE": str(self.path / "config"), "AWS_EC2_METADATA_DISABLED": "true",
                 "AWS_SHARED_CREDENTIALS_FILE": str(self.path / "credentials"), "DIR": str(self.path)}
        self.log = open(self.path / "log", "w+")
        self.process = subprocess.Popen([PROGRAM, *options], env=base | environment, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.log, text=True)

    def write(self, name, text):
        (self.path / name).write_text(text.replace("DIR", str(self.path)))
        return str(self.path / name)

    def do(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        timer = threading.Timer(30, self.process.kill)
        timer.start()
        line = self.process.stdout.readline().rstrip("\n").split("\t")
        timer.cancel()
        if line[0] == "error":
            said.append(line[1])
        return line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "hangs"
        self.log.seek(0)
        self.text = self.log.read()
        said.append(self.text)
        if not check(status == 0, f"the program ended with {status}"):
            print(self.text[-4000:])


# ---- written keys

def options_win():
    with Program(f"aws.access_key_id={ID}", f"aws.secret_access_key={SECRET}", "aws.session_token=t",
                 AWS_ACCESS_KEY_ID="OTHER", AWS_SECRET_ACCESS_KEY="other") as program:
        same(program.do("now"), ["none"], "nothing is looked for before it is wanted")
        same(program.do("get"), ["keys", ID, SECRET, "t", "1"], "options")
        same(program.do("now"), ["keys", ID, SECRET, "t", "1"], "options, kept")
        program.do("advance 100000000000")
        same(program.do("now"), ["keys", ID, SECRET, "t", "1"], "options do not expire")


def environment_before_profile():
    files = f"[default]\naws_access_key_id=P\naws_secret_access_key={SECRET}\n"
    with Program(credentials=files, AWS_ACCESS_KEY_ID=ID, AWS_SECRET_ACCESS_KEY=SECRET, AWS_PROFILE="default") as program:
        same(program.do("get"), ["keys", ID, SECRET, "-", "1"], "environment before AWS_PROFILE")
    with Program("aws.profile=default", credentials=files, AWS_ACCESS_KEY_ID=ID, AWS_SECRET_ACCESS_KEY=SECRET) as program:
        same(program.do("get"), ["keys", "P", SECRET, "-", "1"], "aws.profile before environment")
    with Program(credentials=files, AWS_ACCESS_KEY_ID=ID) as program:
        same(program.do("get"), ["keys", "P", SECRET, "-", "1"], "half an environment")
    check("environment: of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set" in program.text, program.text)


# ---- STS

def web_identity():
    def answer(request):
        return Answer(body=sts_xml("AssumeRoleWithWebIdentity", 10).encode())
    with Server(answer) as server:
        with Program(AWS_ROLE_ARN=ROLE, AWS_WEB_IDENTITY_TOKEN_FILE="/nowhere", AWS_REGION="eu-west-1") as program:
            line = program.do("get")
            check("web identity: the token in /nowhere: it does not exist" in line[1], line)
        directory = tempfile.TemporaryDirectory()
        token = pathlib.Path(directory.name) / "token"
        token.write_text("WEB-TOKEN-SECRET+/\n")
        environment = {"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ENDPOINT_URL_STS": server.url,
                       "AWS_REGION": "eu-west-1"}
        with Program(AWS_ROLE_SESSION_NAME="me", **environment) as program:
            same(program.do("get"), expected(10), "web identity")
        request = server.requests[0]
        same((request.method, request.target, request.faults), ("POST", "/", None), "web identity, unsigned")
        same(request.header("Content-Type"), "application/x-www-form-urlencoded; charset=utf-8", "content type")
        same(parse_qs(request.body.decode()),
             {"Action": ["AssumeRoleWithWebIdentity"], "Version": ["2011-06-15"], "RoleArn": [ROLE],
              "RoleSessionName": ["me"], "WebIdentityToken": ["WEB-TOKEN-SECRET+/"]}, "web identity")
        with Program(config=f"[profile w]\nrole_arn={ROLE}\nweb_identity_token_file={token}\nregion=eu-west-1\n",
                     AWS_PROFILE="w", AWS_ENDPOINT_URL=server.url) as program:
            same(program.do("get"), expected(10), "web identity of a profile")
        check(parse_qs(server.requests[-1].body.decode())["RoleSessionName"][0].startswith("esm-"), "session name")
        with Program(AWS_ENDPOINT_URL_STS=server.url, AWS_ROLE_ARN=ROLE, AWS_WEB_IDENTITY_TOKEN_FILE=str(token)) as program:
            check("no region is set" in program.do("get")[1], "no region")


def sts_fails():
    answers = [sts_error(400, "InvalidIdentityToken")]
    with Server(lambda request: answers[min(len(server.requests), len(answers)) - 1]) as server, \
            tempfile.NamedTemporaryFile("w") as token:
        token.write("WEB-TOKEN-SECRET")
        token.flush()
        environment = {"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": token.name, "AWS_REGION": "eu-west-1",
                       "AWS_ENDPOINT_URL_STS": server.url}
        with Program(**environment, credentials=f"[default]\naws_access_key_id={ID}\naws_secret_access_key={SECRET}\n") as program:
            same(program.do("get"), ["keys", ID, SECRET, "-", "1"], "the next source after one that failed")
        check("2 credentials: web identity: " in program.text and "status 400, InvalidIdentityToken" in program.text,
              program.text)
        same(len(server.requests), 1, "a refusal is not repeated")
        server.requests.clear()
        answers[:] = [Answer(503), Answer(500), Answer(body=sts_xml("AssumeRoleWithWebIdentity", 11).encode())]
        with Program(**environment) as program:
            same(program.do("get"), expected(11), "after two answers that pass")
        server.requests.clear()
        answers[:] = [Answer(503)]
        with Program(**environment) as program:
            check("status 503" in program.do("get")[1], "three times 503")
        same(len(server.requests), 3, "attempts")
        for body in (b"", b"<a/>", b"<a>", sts_xml("X", 12).replace("SecretAccessKey", "Other").encode(),
                     sts_xml("X", 12).replace("T", "x").encode()):
            answers[:] = [Answer(body=body)]
            with Program(**environment) as program:
                check("the answer has no credentials in it" in program.do("get")[1], f"answer {body}")


def assume_role():
    def answer(request):
        if request.faults:
            return sts_error(403, "SignatureDoesNotMatch")
        return Answer(body=sts_xml("AssumeRole", 20 if ID in request.header("Authorization") else 21).encode())
    config = (f"[profile base]\naws_access_key_id={ID}\naws_secret_access_key={SECRET}\n"
              f"[profile one]\nrole_arn={ROLE}\nsource_profile=base\nrole_session_name=s e\nexternal_id=a+b/c\n"
              f"duration_seconds=900\nregion=eu-west-1\n[profile two]\nrole_arn={ROLE}2\nsource_profile=one\nregion=us-west-2\n"
              f"[profile self]\nrole_arn={ROLE}\nsource_profile=self\naws_access_key_id={ID}\naws_secret_access_key={SECRET}\n")
    keys = {ID: (SECRET, None), "ID20": secret(20)}
    with Server(answer, keys) as server:
        environment = {"AWS_ENDPOINT_URL_STS": server.url, "config": config}
        with Program(AWS_PROFILE="one", **environment) as program:
            same(program.do("get"), expected(20), "role of a source profile")
            same(program.do("region"), ["region", "eu-west-1"], "region of the profile")
        same(server.requests[0].faults, [], "signature")
        check("/eu-west-1/sts/aws4_request" in server.requests[0].header("Authorization"), "scope")
        same(parse_qs(server.requests[0].body.decode()),
             {"Action": ["AssumeRole"], "Version": ["2011-06-15"], "RoleArn": [ROLE], "RoleSessionName": ["s e"],
              "ExternalId": ["a+b/c"], "DurationSeconds": ["900"]}, "AssumeRole")
        with Program("aws.profile=two", **environment) as program:
            same(program.do("get"), expected(21), "role behind a role")
        same([request.faults for request in server.requests], [[], [], []], "signatures")
        same(parse_qs(server.requests[2].body.decode())["RoleArn"], [ROLE + "2"], "the second role")
        with Program(AWS_PROFILE="self", AWS_REGION="eu-west-1", **environment) as program:
            same(program.do("get"), expected(20), "role of the profile's own keys")
        with Program(AWS_PROFILE="one", AWS_ENDPOINT_URL_STS=server.url + "/some/path/", config=config) as program:
            same(program.do("get"), expected(20), "an endpoint with a path")
        same(server.requests[-1].target, "/some/path/", "path of the endpoint")
        wrong = config.replace(SECRET, "wrong")
        with Program(AWS_PROFILE="one", AWS_ENDPOINT_URL_STS=server.url, config=wrong) as program:
            check("status 403, SignatureDoesNotMatch" in program.do("get")[1], "wrong secret")


def clock_is_corrected():
    def answer(request):
        if request.faults:
            return sts_error(400, "RequestExpired")
        return Answer(body=sts_xml("AssumeRole", 22, 3600 + 7200).encode())
    config = (f"[default]\nrole_arn={ROLE}\nsource_profile=b\nregion=eu-west-1\n"
              f"[profile b]\naws_access_key_id={ID}\naws_secret_access_key={SECRET}\n")
    with Server(answer, {ID: (SECRET, None)}, clock=lambda: time.time() + 7200) as server:
        with Program(AWS_ENDPOINT_URL_STS=server.url, config=config) as program:
            same(program.do("get"), expected(22), "with the server's clock")
            same(len(server.requests), 2, "sent once more")
            future = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 7205))
            same(program.do(f"date {future}"), ["date", "0"], "the clock is right now")
            same(program.do("date nonsense"), ["date", "0"], "no date")
            same(program.do("date Tue, 24 Nov 2020 22:48:38 GMT"), ["date", "1"], "the clock is wrong")
    with Server(lambda _: sts_error(400, "RequestExpired")) as server:
        with Program(AWS_ENDPOINT_URL_STS=server.url, config=config) as program:
            check("RequestExpired" in program.do("get")[1], "a server that says so without reason")
        same(len(server.requests), 1, "not sent again with the same clock")


# ---- profiles

def profile_fails():
    cases = {
        "role_arn=r\n": "role_arn needs source_profile or credential_source, not both",
        "role_arn=r\nsource_profile=y\ncredential_source=Environment\n": "not both",
        "role_arn=r\nsource_profile=y\n": "profile x: there is no profile y",
        "role_arn=r\nsource_profile=y\n[profile y]\nrole_arn=r\nsource_profile=x\n": "profile x: source_profile leads back to it",
        "role_arn=r\ncredential_source=Moon\n": "credential_source is not Environment",
        "role_arn=r\nmfa_serial=m\nsource_profile=x\n": "mfa_serial is not served",
        "sso_session=s\n": "IAM Identity Center (sso_*) is not served",
        f"aws_secret_access_key={SECRET}\n": "of aws_access_key_id and aws_secret_access_key only one is set",
        "region=eu-west-1\n": "profile x has no credentials",
        f"{SECRET}\n": "line 2: the line is not key = value",
    }
    for text, reason in cases.items():
        with Program(AWS_PROFILE="x", config="[profile x]\n" + text) as program:
            line = program.do("get")
            check(line[0] == "error" and reason in line[1], f"{text!r}: {line}")
    with Server(lambda _: Answer(body=keys_json(23).encode())) as server:
        with Program(AWS_PROFILE="nobody", AWS_CONTAINER_CREDENTIALS_FULL_URI=server.url) as program:
            check(program.do("get")[1].endswith("profile: there is no profile nobody"), "a name that does not exist ends it")
        same(server.requests, [], "nothing after a profile that does not exist")


def rotated_files_are_read_again():
    text = "[default]\naws_access_key_id=ID30\naws_secret_access_key=%s\naws_session_token=%s\n"
    with Program(credentials=text % secret(30)) as program:
        same(program.do("get"), expected(30), "from the file")
        program.write("credentials", text.replace("30", "31") % secret(31))
        same(program.do("invalidate 7"), ["invalidated"], "another's keys")
        same(program.do("now"), expected(30), "those of another serial stay")
        program.do("invalidate 1")
        same(program.do("now"), ["none"], "keys that the server refused")
        same(program.do("get"), expected(31, 2), "from the file as it is now")


def credential_sources():
    def answer(request):
        if request.method == "GET":
            return Answer(body=keys_json(32).encode())
        same(request.faults, [], "signature")
        return Answer(body=sts_xml("AssumeRole", 33).encode())
    with Server(answer, {"ID32": secret(32), ID: (SECRET, None)}) as server:
        environment = {"AWS_ENDPOINT_URL_STS": server.url, "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url,
                       "AWS_REGION": "eu-west-1"}
        with Program(config=f"[default]\nrole_arn={ROLE}\ncredential_source=EcsContainer\n", **environment) as program:
            same(program.do("get"), expected(33), "role of a container")
        same(len(server.requests), 2, "container, then STS")
        with Program("aws.profile=e", AWS_ACCESS_KEY_ID=ID, AWS_SECRET_ACCESS_KEY=SECRET, **environment,
                     config=f"[profile e]\nrole_arn={ROLE}\ncredential_source=Environment\n") as program:
            line = program.do("get")
            same(line, expected(33), "role of the environment's keys")


# ---- processes

def process_program(script, **more):
    program = Program(config="[default]\ncredential_process = sh DIR/process 'an argument'\n", **more)
    program.write("process", script)
    return program


def process_gives_keys():
    good = "cat <<E\n" + keys_json(40, token="SessionToken", Version=1) + "\nE\n"
    # Its output ends after itself.
    with process_program('echo "$1" >DIR/said\n' + good + "sleep 0.2 &\n") as program:
        same(program.do("get"), expected(40), "a process")
        same((program.path / "said").read_text(), "an argument\n", "its argument")
        program.do("advance 61000")
        same(program.do("now"), expected(40), "a minute later")
    check("took longer" not in program.text, f"the limit of a process that has ended: {program.text}")
    with process_program("exec cat <<E\n" + json.dumps({"Version": 1, "AccessKeyId": ID, "SecretAccessKey": SECRET}) + "\nE\n"
                         ) as program:
        same(program.do("get"), ["keys", ID, SECRET, "-", "1"], "without token and end")


def process_fails():
    good = "cat <<E\n" + keys_json(41, token="SessionToken", Version=1) + "\nE\n"
    cases = {
        good + "exit 3\n": "credential_process ended with status 3",
        good + "kill -9 $$\n": "credential_process ended with status 137",
        f"echo {SECRET}\n": "what credential_process wrote: its Version is not 1",
        "exec /nowhere/at/all 2>&-\n": "credential_process ended with status 127",
        good.replace('"Version": 1', '"Version": 2'): "its Version is not 1",
        good.replace('"AccessKeyId"', '"Other"'): "AccessKeyId is missing",
        good.replace(iso(time.time() + 3600)[:7], "2020-01"): "what it gives has expired already",
        "yes\n": "credential_process writes too much",
    }
    for script, reason in cases.items():
        with process_program(script) as program:
            line = program.do("get")
            check(line[0] == "error" and reason in line[1], f"{script!r}: {line}")


    with Program(config="[default]\ncredential_process = kill -9 $$\n") as program:
        check("credential_process ended by signal 9" in program.do("get")[1], "a process that is killed")


def is_gone(pid):
    for _ in range(100):
        try:
            state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":  # its grandparent may be slow to wait for it
            return True
        time.sleep(0.05)
    return False


def process_that_hangs_is_ended():
    script = "sleep 1000 & echo $! >DIR/child; echo $$ >DIR/self\nwait\n"
    with process_program(script) as program:
        program.do("begin")
        for _ in range(100):
            program.do("run 20")
            if (program.path / "self").exists() and (program.path / "self").read_text():
                break
        program.do("advance 59000")
        same(program.do("now"), ["none"], "it may take a minute")
        line = program.do("advance 2000")
        check(line[0] == "error" and "credential_process took longer than a minute" in line[1], f"hangs: {line}")
        same(program.process.stdout.readline(), "advanced\n", "time goes on")
        pids = [int((program.path / name).read_text()) for name in ("self", "child")]
        check(all(map(is_gone, pids)), "the process and its child are ended")


def process_ends_with_the_program():
    with process_program("echo $$ >DIR/self\nexec sleep 1000\n") as program:
        program.do("begin")
        while not ((program.path / "self").exists() and (program.path / "self").read_text()):
            program.do("run 20")
        pid = int((program.path / "self").read_text())
    check(is_gone(pid), "freed in the middle of a search")


# ---- container and instance

def container():
    with Server(lambda _: Answer(body=keys_json(50).encode())) as server:
        uri = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url + "/PATH-SECRET?x=1", "http_proxy": "http://127.0.0.1:1",
               "all_proxy": "http://127.0.0.1:1"}
        with Program(AWS_CONTAINER_AUTHORIZATION_TOKEN="Basic BEARER-SECRET", **uri) as program:
            same(program.do("get"), expected(50), "container, through no proxy")
        request = server.requests[-1]
        same((request.method, request.target, request.header("Authorization"), request.header("Accept")),
             ("GET", "/PATH-SECRET?x=1", "Basic BEARER-SECRET", "application/json"), "container's request")
        with tempfile.NamedTemporaryFile("w") as token:
            token.write("BEARER-SECRET2")
            token.flush()
            with Program(AWS_CONTAINER_AUTHORIZATION_TOKEN="x", AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token.name, **uri) as program:
                same(program.do("get"), expected(50), "container, token file")
                same(server.requests[-1].header("Authorization"), "BEARER-SECRET2", "the file wins")
                token.seek(0)
                token.write("BEARER-SECRET3")
                token.flush()
                program.do("invalidate 1")
                same(program.do("get"), expected(50, 2), "container again")
                same(server.requests[-1].header("Authorization"), "BEARER-SECRET3", "the file is read again")
                token.write("\r\nX: y")
                token.flush()
                program.do("invalidate 2")
                check("a line's end" in program.do("get")[1], "a token with a line's end")
        before = len(server.requests)
        with Program(AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="/nowhere", **uri) as program:
            check("the token in /nowhere: it does not exist" in program.do("get")[1], "no token file")
        for url in ("http://example.com/", "http://169.254.170.3/", "http://128.0.0.1/", "ftp://127.0.0.1/", "nonsense:", "http:/127.0.0.1/", "http://127.0.0.1@example.com/",
                    "http://[::2]/",
                    "http://localhost.example.com/"):
            with Program(AWS_CONTAINER_CREDENTIALS_FULL_URI=url) as program:
                line = program.do("get")
                check("container: AWS_CONTAINER_CREDENTIALS_FULL_URI is " in line[1], f"{url}: {line}")
        with Program(AWS_CONTAINER_CREDENTIALS_RELATIVE_URI="@example.com/") as program:
            check("does not begin with /" in program.do("get")[1], "relative")
        with Program(AWS_CONTAINER_CREDENTIALS_FULL_URI=server.url.replace("127.0.0.1", "localhost")) as program:
            same(program.do("get"), expected(50), "localhost")
        same(len(server.requests), before + 1, "nothing was sent to the others")
        for answer, reason in ((Answer(404, b'{"code":"NoCreds","message":"x"}'), "status 404, NoCreds"), (Answer(body=b"[]"), "no JSON object"),
                               (Answer(302, headers={"Location": server.url}), "status 302"), (Answer(body=b"x" * 300000), "")):
            with Server(lambda _, answer=answer: answer) as other, Program(AWS_CONTAINER_CREDENTIALS_FULL_URI=other.url + "/PATH-SECRET") as program:
                line = program.do("get")
                check(line[0] == "error" and reason in line[1], f"container: {line}")


class Instance:
    def __init__(self):
        self.answers = {"/latest/api/token": Answer(body=b"IMDS-TOKEN-SECRET"),
                        "/latest/meta-data/iam/security-credentials/": Answer(body=b"my-role"),
                        "/latest/meta-data/iam/security-credentials/my-role": Answer(
                            body=keys_json(60, Code="Success", Type="AWS-HMAC").encode())}

    def __call__(self, request):
        if request.method == "PUT":
            right = request.header("x-aws-ec2-metadata-token-ttl-seconds") == "21600" and request.body == b""
        else:
            right = request.header("x-aws-ec2-metadata-token") == "IMDS-TOKEN-SECRET"
        return self.answers.get(request.target, Answer(404)) if right else Answer(401)


def instance():
    answer = Instance()
    roles = "/latest/meta-data/iam/security-credentials/"
    with Server(answer) as server:
        where = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url + "/", "AWS_EC2_METADATA_DISABLED": "false",
                 "http_proxy": "http://127.0.0.1:1"}
        with Program(**where) as program:
            same(program.do("get"), expected(60), "instance")
        same([(request.method, request.target) for request in server.requests],
             [("PUT", "/latest/api/token"), ("GET", roles), ("GET", roles + "my-role")], "instance's requests")
        with Program(**where | {"AWS_EC2_METADATA_DISABLED": "True"}) as program:
            check(program.do("get")[1].endswith("instance: AWS_EC2_METADATA_DISABLED is true"), "disabled")
        same(len(server.requests), 3, "disabled: no request")
        with Program(**where | {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "nonsense"}) as program:
            check("AWS_EC2_METADATA_SERVICE_ENDPOINT is no URL" in program.do("get")[1], "no URL")
        cases = [("/latest/api/token", Answer(403), "status 403"), ("/latest/api/token", Answer(body=b"a b"), "that is no token"),
                 ("/latest/api/token", Answer(), "that is no token"), (roles, Answer(404), "the instance has no role"),
                 (roles, Answer(body=b"../x"), "that is no name of a role"), (roles, Answer(), "that is no name of a role"),
                 (roles + "my-role", Answer(body=b'{"Code":"AssumeRoleUnauthorizedAccess"}'), "its Code is not Success"),
                 (roles + "my-role", Answer(body=keys_json(61, -60).encode()), "what it gives has expired already"),
                 (roles + "my-role", Answer(500), "status 500")]
        for path, one, reason in cases:
            answer.answers, before = {**Instance().answers, path: one}, None
            with Program(**where) as program:
                line = program.do("get")
                check(line[0] == "error" and reason in line[1], f"instance, {reason}: {line}")


# ---- time

def refreshed_before_they_expire():
    numbers = iter(range(70, 90))
    stall = []

    def answer(request):
        return Answer(body=keys_json(next(numbers), 3600 + moved).encode(), delay=0.5 if stall else 0)
    moved = 0
    with Server(answer) as server, Program(AWS_CONTAINER_CREDENTIALS_FULL_URI=server.url) as program:
        same(program.do("get"), expected(70), "the first")
        program.do("advance 3290000")
        moved += 3290
        same(program.do("now"), expected(70), "kept for 54 minutes")
        same(len(server.requests), 1, "nothing asked meanwhile")
        stall.append(1)
        program.do("advance 15000")
        moved += 15
        same(program.do("now"), expected(70), "the old ones serve while new ones are fetched")
        same(len(server.requests), 1 + 1, "five minutes before the end")
        longest = int(program.do("run 700")[1])
        check(longest < 400, f"the loop stood still for {longest} ms")
        same(program.do("now"), expected(71, 2), "the new ones")
        program.do("invalidate 1")
        same(program.do("now"), expected(71, 2), "who still had the old ones takes nothing away")


def refresh_that_fails():
    answers = [Answer(body=keys_json(90).encode()), Answer(403)]
    with Server(lambda _: answers[min(len(server.requests), 2) - 1]) as server, \
            Program(AWS_CONTAINER_CREDENTIALS_FULL_URI=server.url) as program:
        same(program.do("get"), expected(90), "the first")
        program.do("advance 3310000")
        program.do("run 100")
        same((program.do("now"), len(server.requests)), (expected(90), 2), "the old ones serve on")
        program.do("advance 31000")
        program.do("run 100")
        same((program.do("now"), len(server.requests)), (expected(90), 3), "tried again after a while")
        program.do("advance 300000")
        program.do("run 100")
        line = program.do("get")
        check(line[0] == "error" and "status 403" in line[1], f"expired: {line}")
        before = len(server.requests)
        answers[1] = Answer(body=keys_json(91, 3600 * 3).encode())
        line = program.do("get")
        same(line, expected(91, 2), "back again")
        same(len(server.requests), before + 1, "one request")


def short_lives():
    with Server(lambda _: Answer(body=keys_json(92, 120).encode())) as server, \
            Program(AWS_CONTAINER_CREDENTIALS_FULL_URI=server.url) as program:
        program.do("get")
        program.do("run 200")
        same(len(server.requests), 1, "a short life is no reason to ask all the time")
        program.do("advance 62000")
        program.do("run 100")
        same(len(server.requests), 2, "half of it")


def one_search_for_all():
    with Server(lambda _: Answer(body=keys_json(93).encode(), delay=0.1)) as server, \
            Program(AWS_CONTAINER_CREDENTIALS_FULL_URI=server.url) as program:
        same(program.do("crowd"), ["told", "50"], "those who did not cancel")
        same(len(server.requests), 1, "one search for all")


def all_fail():
    with Program(AWS_CONTAINER_CREDENTIALS_FULL_URI="http://127.0.0.1:1/", AWS_EC2_METADATA_DISABLED="false",
                 AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:1") as program:
        line = program.do("get")
        parts = line[1].split("; ")
        same([part.split(": ")[0] for part in parts],
             ["options", "environment", "web identity", "profile", "container", "instance"], "each is named")
        check(all(len(part.split(": ", 1)[1]) > 10 for part in parts), f"each says why: {parts}")
        check("container: 127.0.0.1:1: " in line[1] and "onnect" in line[1], line)
        began = time.time()
        program.do("get")
        check(time.time() - began > 0.9, "a pause after a failure")
        same(program.do("crowd"), ["told", "50"], "told of the failure")


def region_and_endpoints():
    config = "[default]\nregion=ap-south-1\nendpoint_url=http://127.0.0.1:9\n"
    with Program(config=config) as program:
        same(program.do("region"), ["region", "ap-south-1"], "the profile's")
        same(program.do("endpoint sns"), ["endpoint", "http://127.0.0.1:9"], "the profile's")
    with Program(config=config, AWS_DEFAULT_REGION="us-west-1") as program:
        same(program.do("region"), ["region", "us-west-1"], "AWS_DEFAULT_REGION")
    with Program(config=config, AWS_DEFAULT_REGION="us-west-1", AWS_REGION="us-west-2", AWS_ENDPOINT_URL_SQS="http://x/") as program:
        same(program.do("region"), ["region", "us-west-2"], "AWS_REGION")
        same(program.do("endpoint sqs"), ["endpoint", "http://x"], "AWS_ENDPOINT_URL_SQS")
    with Program("FunctionName=arn:aws-cn:lambda:cn-north-1:111122223333:function:f", AWS_REGION="us-west-2") as program:
        same(program.do("region"), ["region", "cn-north-1"], "the function's")
        same(program.do("endpoint lambda"), ["endpoint", "https://lambda.cn-north-1.amazonaws.com.cn"], "the function's")
    with Program() as program:
        same(program.do("region"), ["region", "-"], "none")


for test in (options_win, environment_before_profile, web_identity, sts_fails, assume_role, clock_is_corrected, profile_fails,
             rotated_files_are_read_again, credential_sources, process_gives_keys, process_fails, process_that_hangs_is_ended,
             process_ends_with_the_program, container, instance, refreshed_before_they_expire, refresh_that_fails, short_lives,
             one_search_for_all, all_fail, region_and_endpoints):
    before, began = faults, time.time()
    test()
    print(f"{test.__name__}: {'ok' if faults == before else 'FAULTS'}, {time.time() - began:.1f} s", flush=True)

whole = "\n".join(said)
check(len(whole) > 5000 and "InvalidIdentityToken" in whole, "there is something to look for secrets in")
for one in sorted(secrets):
    check(one not in whole, f"a secret was logged: {one}")
print(f"{100 * (count - faults) // count}%: Checks: {count}, Failures: {faults}, Errors: 0")
sys.exit(0 if faults == 0 else 1)
