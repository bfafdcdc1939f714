"""`inv schedule`: its output is accepted by the programs that it is meant for."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.sandbox.server import Sandbox
from ops.schedule.job import ScheduledJob, Time
from ops.schedule.systemd import service, timer
from ops.version import VERSION
from tests.conftest import Result

Inv = Callable[..., Result]
KEY = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
WHOLE = (
    "--at", "4:05", "--deep", "--kv", "values", "--encrypt-to", KEY, "--skip", "r2",
    "--prune", "daily=7,weekly=4", "--ping", "https://monitor.example/id?a=1&b=50%25",
)  # fmt: skip


def line_of(text: str) -> str:
    return next(line for line in text.splitlines() if line[:1].isdigit())


def loaded(text: str) -> Any:
    # In YAML 1.1 a bare `on` is true; in workflows it is not.
    return yaml.safe_load(text)


def given(words: list[str]) -> set[str]:
    return set(words[words.index("scan.export") + 1 :])


EXPECTED = {
    "--quiet", "--deep", "--kv=values", f"--encrypt-to={KEY}", "--skip=r2", "--guard=30",
    "--prune=daily=7,weekly=4", "--ping=https://monitor.example/id?a=1&b=50%25",
}  # fmt: skip


def test_a_crontab_line_runs_the_job_with_a_random_delay(inv: Inv) -> None:
    result = inv("schedule", *WHOLE)

    line = line_of(result.out)
    command = line.split(None, 5)[5].replace("\\%", "%")
    assert result.code == 0
    assert line.startswith("5 4 * * * umask 077; cd ")
    assert given(shlex.split(command)) == EXPECTED
    assert 'sleep "$(shuf -i 0-900 -n 1)" && exec env CLOUDFLARE_API_TOKEN_FILE=/etc/cfops/token ' in command
    assert "%" not in line.replace("\\%", "")


def test_the_crontab_line_keeps_the_exit_code(inv: Inv, home: Path) -> None:
    line = line_of(inv("schedule").out)
    bin = home / "bin"
    bin.mkdir()
    for name, script in (("sleep", "exit 0"), ("cfops", "umask; env; exit 4")):
        (bin / name).write_text(f"#!/bin/sh\n{script}\n")
        (bin / name).chmod(0o700)
    command = line.split(None, 5)[5]
    words = shlex.split(command)
    program = next(word for word in words if word.endswith("/cfops"))

    done = subprocess.run(
        ["/bin/sh", "-c", command.replace(shlex.quote(program), str(bin / "cfops"))],
        env={"PATH": f"{bin}:/usr/bin:/bin"}, capture_output=True, text=True, timeout=20,
    )  # fmt: skip

    assert done.returncode == 4
    assert done.stdout.startswith("0077\n")
    assert "CLOUDFLARE_API_TOKEN_FILE=/etc/cfops/token" in done.stdout


def test_the_printed_options_are_accepted_by_the_export(staged: Sandbox, inv: Inv) -> None:
    words = shlex.split(line_of(inv("schedule", "--only", "dns", "--prune", "last=2").out))

    result = inv(*words[words.index("scan.export") :])

    assert (result.code, result.out, result.err) == (0, "", "")


def test_units_pass_the_token_and_catch_up_missed_runs(inv: Inv) -> None:
    text = inv("schedule", "--for", "systemd", *WHOLE).out

    for wanted in (
        "# /etc/systemd/system/cfops-export.service", "# /etc/systemd/system/cfops-export.timer",
        "Type=oneshot", "UMask=0077", "LoadCredential=cloudflare_api_token:/etc/cfops/token",
        "OnCalendar=*-*-* 04:05:00", "RandomizedDelaySec=900", "Persistent=true", "b=50%%25",
        "--log-format=json",
    ):  # fmt: skip
        assert wanted in text


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not here")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    job = ScheduledJob(
        ("--quiet", "--only=a b", "--ping=https://monitor.example/$x%25", "--skip=it's"),
        Time(4, 5), tmp_path, Path("/bin/true"), Path("/etc/cfops/token"), "root", "",
    )  # fmt: skip
    for name, text in (("service", service(job)), ("timer", timer(job))):
        (tmp_path / f"cfops-export.{name}").write_text(text)

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, tmp_path.glob("cfops-export.*"))],
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip

    assert "cfops-export" not in done.stderr


def test_a_workflow_runs_one_at_a_time_with_secrets_of_the_repository(inv: Inv) -> None:
    result = inv("schedule", "--for", "github", *WHOLE)

    flow = loaded(result.out)
    *_, export, upload = flow["jobs"]["export"]["steps"]
    assert flow["on"]["schedule"] == [{"cron": "5 4 * * *"}]
    assert flow["permissions"] == {"contents": "read"}
    assert flow["concurrency"] == {"group": "cfops-export", "cancel-in-progress": False}
    assert export["env"]["CLOUDFLARE_API_TOKEN"] == "${{ secrets.CLOUDFLARE_API_TOKEN }}"
    assert export["run"].splitlines()[:2] == ["umask 077", "sleep $((RANDOM % 900))"]
    assert given(shlex.split(export["run"])) == {
        "--quiet", "--deep", "--kv=values", f"--encrypt-to={KEY}", "--skip=r2", "--ping=$MONITOR_URL",
    }  # fmt: skip
    assert export["env"]["MONITOR_URL"] == "${{ secrets.MONITOR_URL }}"
    assert "monitor.example" not in result.out
    assert upload["with"]["path"].endswith(".tar.gz.age")
    assert "plain text" not in result.err


def test_a_workflow_installs_this_version_but_in_the_repository_of_cfops_the_repository(
    inv: Inv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "their-ops"\n')
    theirs = inv("schedule", "--for", "github").out
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "cfops"\n')
    ours = inv("schedule", "--for", "github").out

    assert f"run: pip install cfops=={VERSION}\n" in theirs
    assert "run: pip install .\n" in ours


def test_the_actions_of_a_workflow_are_pinned_to_commits_with_their_version(inv: Inv) -> None:
    printed = inv("schedule", "--for", "github").out

    used = [line.partition("uses: ")[2] for line in printed.splitlines() if "uses: " in line]
    assert [re.sub(r"@[0-9a-f]{40} # v", " ", line) for line in used] == [
        "actions/checkout 7.0.0",
        "actions/setup-python 6.2.0",
        "actions/upload-artifact 7.0.1",
    ]


def test_the_image_agrees_with_the_cron_job(inv: Inv) -> None:
    pod = loaded(inv("schedule", "--for", "kubernetes").out)["spec"]["jobTemplate"]["spec"]["template"][
        "spec"
    ]
    text = (Path(__file__).parents[2] / ".packaging" / "Dockerfile").read_text()
    set_there = {e["name"]: e["value"] for e in pod["containers"][0]["env"] if "value" in e}

    assert f"USER {pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}\n" in text
    assert set_there == dict(re.findall(r"(CFOPS_\w+)=(\S+)", text))
    assert pod["containers"][0]["image"] == f"registry.example.com/cfops:{VERSION}"


def test_a_workflow_without_encryption_causes_a_warning(inv: Inv) -> None:
    result = inv("schedule", "--for", "github")

    assert result.code == 0
    assert "everyone who can read the repository" in result.err


def test_a_cron_job_forbids_a_second_run_and_keeps_the_exit_code(inv: Inv) -> None:
    spec = loaded(inv("schedule", "--for", "kubernetes", *WHOLE).out)["spec"]

    once = spec["jobTemplate"]["spec"]
    pod = once["template"]["spec"]
    [container] = pod["containers"]
    assert (spec["concurrencyPolicy"], spec["schedule"]) == ("Forbid", "5 4 * * *")
    assert (once["backoffLimit"], pod["restartPolicy"]) == (0, "Never")
    assert {"umask 077", 'exec cfops "$@"'} <= set(container["command"][2].split("; "))
    assert given(container["args"]) == {
        *(word for word in EXPECTED if not word.startswith("--ping")),
        "--log-format=json", "--ping=$(MONITOR_URL)",
    }  # fmt: skip
    assert container["env"][2]["valueFrom"]["secretKeyRef"]["key"] == "monitor-url"
    assert container["env"][0]["valueFrom"]["secretKeyRef"] == {"name": "cfops-export", "key": "token"}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_a_job_that_pushes_knows_the_bucket_and_where_its_keys_are_expected(
    inv: Inv, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_S3_ENDPOINT", "https://account.r2.cloudflarestorage.com")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIACANARY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-canary")
    printed = {
        name: inv("schedule", "--for", name, "--push", "s3://backups/cf").out
        for name in ("cron", "systemd", "github", "kubernetes")
    }
    container = loaded(printed["kubernetes"])["spec"]["jobTemplate"]["spec"]["template"]["spec"][
        "containers"
    ][0]
    steps = loaded(printed["github"])["jobs"]["export"]["steps"]
    [export] = [step for step in steps if step.get("name") == "Export"]

    assert all("--push=s3://backups/cf" in text for text in printed.values())
    assert not [text for text in printed.values() if "canary" in text.lower()]
    assert "CFOPS_S3_ENDPOINT=https://account.r2.cloudflarestorage.com " in line_of(printed["cron"])
    assert "Environment=CFOPS_S3_ENDPOINT=https://account.r2" in printed["systemd"]
    for name in ("cron", "systemd"):
        assert f"AWS_SECRET_ACCESS_KEY in {home / 'work'}/.env" in printed[name]
    assert {"run": f"pip install 'cfops[s3]=={VERSION}'"} in steps
    assert export["env"]["AWS_SECRET_ACCESS_KEY"] == "${{ secrets.AWS_SECRET_ACCESS_KEY }}"
    assert export["env"]["CFOPS_S3_ENDPOINT"].startswith("https://account.r2")
    reported = {entry["name"]: entry for entry in container["env"]}
    assert reported["AWS_ACCESS_KEY_ID"]["valueFrom"]["secretKeyRef"]["key"] == "aws-access-key-id"
    assert reported["CFOPS_S3_ENDPOINT"]["value"].startswith("https://account.r2")


def test_a_job_without_a_push_names_no_bucket(inv: Inv, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CFOPS_S3_ENDPOINT", "https://account.r2.cloudflarestorage.com")

    printed = [inv("schedule", "--for", name).out for name in ("cron", "systemd", "github", "kubernetes")]

    assert all(text and "AWS_" not in text and "S3" not in text for text in printed)


def test_no_schedule_contains_the_token(staged: Sandbox, inv: Inv) -> None:
    printed = [inv("schedule", "--for", name).out for name in ("cron", "systemd", "github", "kubernetes")]

    assert all(text and staged.token not in text for text in printed)
    assert staged.requests == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("--for", "launchd"), "--for takes"),
        (("--at", "24:00"), "--at takes"),
        (("--at", "3"), "--at takes"),
        (("--only", "dns.recrod"), "dns.record"),
        (("--prune", "daily"), "--prune"),
        (("--push", "backups"), "--push s3://"),
        (("--ping", "http://monitor.example/x"), "--ping"),
        (("--encrypt-to", "nonsense"), "age1"),
        (("--image", "a\nb"), "--image"),
        (("--token-file", "a\nb"), "--token-file"),
    ],
)
def test_options_that_the_job_would_refuse_are_not_scheduled(
    inv: Inv, line: tuple[str, ...], message: str
) -> None:
    result = inv("schedule", *line)

    assert result.code == 1
    assert message in result.err
    assert result.out == ""


@pytest.fixture
def profiles(home: Path) -> None:
    folder = home / "config"
    folder.mkdir(mode=0o700)
    (folder / "profiles.toml").write_text("[client-a]\n[Client_B]\n")
    (folder / "profiles.toml").chmod(0o600)


@pytest.mark.usefixtures("profiles")
def test_a_workflow_exports_each_profile_with_the_secrets_of_its_environment(inv: Inv) -> None:
    result = inv("schedule", "--for", "github", "--each-profile")

    job = loaded(result.out)["jobs"]["export"]
    assert job["strategy"] == {"fail-fast": False, "matrix": {"profile": ["client-a", "Client_B"]}}
    assert job["environment"] == "${{ matrix.profile }}"
    assert job["steps"][-1]["with"]["name"] == "cfops-export-${{ matrix.profile }}"
    assert "gh secret set CLOUDFLARE_API_TOKEN --env Client_B" in result.err


@pytest.mark.usefixtures("profiles")
def test_each_profile_has_a_cron_job_with_its_own_secret_and_volume(inv: Inv) -> None:
    result = inv("schedule", "--for", "kubernetes", "--each-profile")

    jobs = list(yaml.safe_load_all(result.out))
    names = ["cfops-export-client-a", "cfops-export-client-b"]
    assert [job["metadata"]["name"] for job in jobs] == names
    for job, name in zip(jobs, names, strict=True):
        pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        assert pod["volumes"][0]["persistentVolumeClaim"] == {"claimName": name}
        assert pod["containers"][0]["env"][0]["valueFrom"]["secretKeyRef"]["name"] == name
    assert "--from-file=token=client-b/token" in result.err


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize("platform", ["cron", "systemd"])
def test_one_machine_exports_the_profiles_with_the_token_of_each(inv: Inv, platform: str) -> None:
    result = inv("schedule", "--for", platform, "--each-profile")

    assert "cfops each-account --profiles scan.export --quiet" in result.out
    assert "/etc/cfops/token" not in result.out + result.err


def test_each_profile_needs_profiles_with_different_names(inv: Inv, home: Path) -> None:
    none = inv("schedule", "--each-profile")
    folder = home / "config"
    folder.mkdir(mode=0o700)
    (folder / "profiles.toml").write_text("[a-b]\n[A_B]\n")
    (folder / "profiles.toml").chmod(0o600)
    alike = inv("schedule", "--for", "kubernetes", "--each-profile")

    assert (none.code, alike.code) == (1, 1)
    assert "there are no profiles" in none.err
    assert "two profiles have one name" in alike.err


@pytest.mark.parametrize(
    ("platform", "written"),
    [
        ("cron", "\n17 * * * * umask 077"),
        ("systemd", "OnCalendar=*-*-* *:17:00"),
        ("kubernetes", "schedule: 17 * * * *"),
    ],
)
def test_an_hourly_job_makes_light_snapshots(inv: Inv, platform: str, written: str) -> None:
    result = inv("schedule", "--for", platform, "--hourly", "--prune", "hourly=24,daily=7")

    assert result.code == 0
    assert written in result.out
    assert "--since=latest" in result.out
    assert "snapshots a day are kept" not in result.err


@pytest.mark.parametrize("platform", ["cron", "systemd", "github", "kubernetes"])
def test_an_hourly_job_has_a_place_beside_the_daily_one(inv: Inv, platform: str, tmp_path: Path) -> None:
    line = ("schedule", "--for", platform, "--push", "s3://backups/cf", "--to", str(tmp_path / "made"))

    daily, hourly = inv(*line), inv(*line, "--hourly")

    assert (daily.code, hourly.code) == (0, 0), hourly.err
    names = {path.name for path in (tmp_path / "made").iterdir()}
    of_hour = {name for name in names if "-hourly" in name}
    assert {name.replace("-hourly", "") for name in of_hour} == names - of_hour
    assert "cfops-export-hourly" in hourly.err
    assert "24 snapshots a day are kept until" in hourly.err


def test_an_hourly_cron_job_shares_the_secret_and_the_volume_of_the_daily_one(inv: Inv) -> None:
    daily, hourly = (loaded(inv("schedule", "--for", "kubernetes", *more).out) for more in ([], ["--hourly"]))

    pods = [job["spec"]["jobTemplate"]["spec"]["template"]["spec"] for job in (daily, hourly)]
    assert [job["metadata"]["name"] for job in (daily, hourly)] == ["cfops-export", "cfops-export-hourly"]
    assert [job["spec"]["startingDeadlineSeconds"] for job in (daily, hourly)] == [3600, 1800]
    assert pods[0]["volumes"] == pods[1]["volumes"]
    assert pods[0]["containers"][0]["env"] == pods[1]["containers"][0]["env"]


def test_an_hourly_workflow_carries_over_from_the_bucket_that_it_pushes_to(inv: Inv) -> None:
    result = inv("schedule", "--for", "github", "--hourly", "--push", "s3://backups/cf/")

    steps = loaded(result.out)["jobs"]["export"]["steps"]
    assert "--since=s3://backups/cf/latest" in steps[-1]["run"]
    assert "everyone who can read the repository" not in result.err
    assert "`inv snapshots.prune --from s3://backups/cf/`" in result.err


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--for", "github"), "a runner has none: it must be in a bucket"),
        (("--encrypt-to", KEY), "would need the key of encrypted ones"),
    ],
)
def test_an_hourly_job_needs_a_base_that_it_can_read(
    inv: Inv, options: tuple[str, ...], problem: str
) -> None:
    result = inv("schedule", "--hourly", *options)

    assert result.code == 1
    assert problem in result.err


def test_the_region_of_the_bucket_is_in_the_job_if_it_is_set(
    inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ("schedule", "--for", "kubernetes", "--push", "s3://backups/cloudflare")
    without = inv(*line)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")

    result = inv(*line)

    assert without.code == result.code == 0, result.err
    assert "AWS_REGION" not in without.out
    assert "eu-central-1" in result.out
