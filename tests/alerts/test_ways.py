"""Alerts arrive where the environment says, say what failed, and no secret."""

import json

import pytest
from typer.testing import CliRunner

from orchestration.alerts import mail, patience, webhook
from orchestration.alerts.alert import Alert, Trouble
from orchestration.alerts.mail import Mail
from orchestration.alerts.ways import page_of, send, ways
from orchestration.alerts.webhook import Webhook
from orchestration.cli import app
from orchestration.errors import LeadFunnelError
from tests.alerts import servers

PASSWORD = "p@ss:w/rd"
ALERT = Alert(
    "Lead Funnel failed: Check the marts",
    (Trouble("Check the marts", "3 rows of <!channel> are \x1b[31mtwice."),),
    ("marts.mart_x: key_is_unique",),
    "7f0c",
    ("https://funnel.example.com/runs/7f0c",),
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return servers.make_certificate(tmp_path_factory.mktemp("tls") / "post.pem")


@pytest.fixture
def hook():
    with servers.webhook() as started:
        yield started


@pytest.fixture
def post(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with servers.post(certificate) as started:
        yield started


@pytest.fixture
def waited(monkeypatch):
    found = []
    for module in (webhook, mail):
        monkeypatch.setattr(module.time, "sleep", found.append)
    return found


def mail_url(post, *, scheme="smtp", password="p%40ss%3Aw%2Frd"):
    return (
        f"{scheme}://funnel:{password}@127.0.0.1:{post.port}/"
        "?from=funnel@example.com&to=a@example.com,b@example.com"
    )


def by_mail(post, **how):
    return Mail.from_environment({mail.URL: mail_url(post, **how)})


TEXT = """\
Lead Funnel failed: Check the marts

- Check the marts: 3 rows of ‹!channel› are ␛[31mtwice.

Checks that failed:
- marts.mart_x: key_is_unique

Run: 7f0c

Where to look:
- https://funnel.example.com/runs/7f0c"""


def test_a_webhook_is_told_what_failed_and_where_to_look(hook):
    send(Webhook.from_environment({webhook.URL: hook.url}), ALERT)
    [said] = hook.posted
    # What chats show, and the same in parts for programs.
    assert said["text"] == TEXT
    assert said["run_id"] == "7f0c"
    assert said["checks"] == ["marts.mart_x: key_is_unique"]
    assert said["troubles"][0]["what"] == "Check the marts"


def test_a_webhook_that_is_busy_is_asked_again(hook, waited):
    hook.statuses = [503, 429]
    send(Webhook(hook.url), ALERT)
    assert (len(hook.posted), waited) == (1, [1, 2])


@pytest.mark.parametrize(
    ("statuses", "said", "tries"),
    [([404], "HTTP 404", 1), ([302], "HTTP 302", 1), ([500] * 4, "HTTP 500", 4)],
)
def test_a_webhook_that_takes_nothing_is_an_error(hook, waited, statuses, said, tries):
    hook.statuses = [*statuses]
    with pytest.raises(LeadFunnelError, match=f"127.0.0.1 .*{said}") as found:
        send(Webhook(hook.url), ALERT)
    assert hook.posted == []
    assert len(waited) == tries - 1
    assert "s3cret-token" not in str(found.value)


def test_what_the_network_says_repeats_no_address(waited, hook):
    url = "http://127.0.0.1:1/services/s3cret-token"
    with pytest.raises(LeadFunnelError, match="ConnectionError") as found:
        send(Webhook(url), ALERT)
    assert waited == [*patience.WAITS]
    assert "s3cret" not in str(found.value) + repr(Webhook(url))
    # Nor does the traceback, which Dagster's page shows.
    assert found.value.__suppress_context__ or found.value.__context__ is None


@pytest.mark.parametrize(
    "url", ["http://hooks.example.com/s3cret", "hooks.example.com/s3cret", "https://"]
)
def test_a_webhook_over_plain_http_is_refused(url):
    with pytest.raises(LeadFunnelError, match="https://") as found:
        ways({webhook.URL: url})
    assert "s3cret" not in str(found.value)


def test_people_are_told_by_mail_and_nobody_reads_it_on_the_way(post):
    send(by_mail(post), ALERT)
    [message] = post.mails
    assert message["Subject"] == "Lead Funnel failed: Check the marts"
    assert (message["From"], message["To"]) == (
        "funnel@example.com",
        "a@example.com, b@example.com",
    )
    assert message.get_content().splitlines() == TEXT.splitlines()
    assert post.sign_ins == [f"funnel:{PASSWORD}"]
    # Nothing but the wish to speak in secret was said in plain text.
    plain = [line for line in post.told if not line.startswith("TLS ")]
    assert [line.split()[0].upper() for line in plain] == ["EHLO", "STARTTLS"]


def test_tls_from_the_first_word_on(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with servers.post(certificate, is_safe=True) as post:
        send(by_mail(post, scheme="smtps"), ALERT)
    assert len(post.mails) == 1


def test_a_server_that_nobody_vouches_for_gets_no_password(certificate, waited):
    with (
        servers.post(certificate) as post,
        pytest.raises(LeadFunnelError, match="SSLCertVerificationError"),
    ):
        send(by_mail(post), ALERT)
    assert (post.sign_ins, waited) == ([], [])


def test_a_server_that_is_busy_is_asked_again(post, waited):
    post.refusals = ["451 4.7.1 later", "450 4.2.0 later"]
    send(by_mail(post), ALERT)
    assert (len(post.mails), waited) == (1, [1, 2])


def test_a_refusal_is_said_without_the_password(post, waited):
    with pytest.raises(LeadFunnelError, match="SMTPAuthenticationError 535") as found:
        send(by_mail(post, password="wrong"), ALERT)
    assert waited == []
    assert "wrong" not in str(found.value) + repr(by_mail(post, password="wrong"))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://u:s3cret@host/?from=a@b.c&to=d@e.f", "does not begin with"),
        ("smtp://u:s3cret@host/?from=a@b.c", "no to="),
        ("smtp://u:s3cret@host/?to=a@b.c", "no from="),
        ("smtp://u:s3cret@host/?from=a@b.c&to=nobody", "no address"),
        ("smtp://u:s3cret@host/?from=a@b.c&to=d@e.f%0D%0ABcc:x@y.z", "no address"),
        ("smtp://u:s3cret/x@host:mail/?from=a@b.c&to=d@e.f", "no number"),
    ],
)
def test_a_mail_url_that_cannot_be_read_is_said_without_its_password(url, said):
    with pytest.raises(LeadFunnelError, match=said) as found:
        ways({mail.URL: url})
    assert "s3cret" not in str(found.value)


def test_secrets_of_the_sources_are_crossed_out(hook, monkeypatch):
    for name, value in {
        "URL": "https://acme.my.salesforce.com",
        "CLIENT_ID": "id",
        "CLIENT_SECRET": "salesforces-own",
    }.items():
        monkeypatch.setenv(f"LEAD_FUNNEL_SALESFORCE_{name}", value)
    monkeypatch.setenv(
        "LEAD_FUNNEL_PUBLISH_POSTGRES", "postgresql://u:postgres-own@h/db"
    )
    sentence = f"salesforces-own, postgres-own and {hook.url} leaked"
    send(Webhook(hook.url), Alert("Failed", (Trouble("Load", sentence),)))
    said = json.dumps(hook.posted)
    for secret in ("salesforces-own", "postgres-own", "s3cret-token"):
        assert secret not in said


def test_a_sentence_that_never_ends_is_cut():
    told = Alert("T", (Trouble("S", "x" * 5000),) * 12).without([]).text
    assert len(told) < 7000
    assert "- 2 more" in told


@pytest.mark.parametrize(
    ("page", "there"),
    [("https://funnel.example.com/", "https://funnel.example.com/runs/7"), ("", "")],
)
def test_where_the_page_is_the_environment_says(page, there):
    assert page_of("7", {"LEAD_FUNNEL_DAGSTER_URL": page}) == there


def test_a_page_with_a_password_is_refused():
    with pytest.raises(LeadFunnelError, match="without a user"):
        page_of("7", {"LEAD_FUNNEL_DAGSTER_URL": "https://me:x@funnel.example.com"})


def test_the_command_sends_a_trial_by_each_way(hook, post, tmp_path, waited):
    environ = {
        webhook.URL: hook.url,
        mail.URL: mail_url(post),
        "LEAD_FUNNEL_OUT": str(tmp_path / "out"),
    }
    done = CliRunner().invoke(app, ["check-alerts"], env=environ)
    assert done.exit_code == 0, done.output
    assert "webhook 127.0.0.1" in done.stdout
    assert "a trial" in hook.posted[0]["text"]
    assert len(post.mails) == 1
    # One that takes none keeps no other from being tried.
    hook.statuses = [404]
    done = CliRunner().invoke(app, ["check-alerts"], env=environ)
    assert (done.exit_code, len(post.mails)) == (1, 2)
    assert "HTTP 404" in done.stderr
    assert "s3cret" not in done.output


def test_the_command_says_where_nobody_is_told(tmp_path):
    done = CliRunner().invoke(app, ["check-alerts"], env={"LEAD_FUNNEL_OUT": "x"})
    assert done.exit_code == 1
    assert webhook.URL in done.stderr
    assert mail.URL in done.stderr
