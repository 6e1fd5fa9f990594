# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Zones as hosts: inventory files with ansible-inventory and in plays.

To start Ansible takes longer than to read an inventory file, so most runs read several files. A message begins with its file.
"""

from __future__ import annotations

import json
import subprocess
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_runs import command, environment, write_yaml

from emulator import Emulator, Fault, certificate, generate, token, zone
from integration.in_process.cases import PASSWORD, Dumper, encrypt

BETA = "Beta"
ZONES = [
    zone("example.com", plan="enterprise", quota="5"),
    zone("example.net", plan="free", status="pending", account=BETA, paused=True),
    zone("example.org", type="partial", account=BETA, meta={"step": 4}, plan="pro"),
    zone("inside.example", type="internal"),
]
NAMES = ("example.com", "example.net", "example.org")
ID = {item.name: item.id for item in ZONES}
# Texts that would be templates on some ansible-core, were they trusted.
HOSTILE = "{{ lookup('ansible.builtin.pipe', 'touch pwned') }}"
HEADER = (
    "#jinja2:variable_start_string:'[%',variable_end_string:'%]'\n[% lookup('ansible.builtin.pipe', 'touch pwned') %]"
)

with_zones = pytest.mark.emulator(zones=ZONES)


def joined(text: str) -> str:
    """Without white space: Ansible breaks what it tells into lines, some versions in the middle of words."""
    return "".join(text.split())


@dataclass(frozen=True)
class Listing:
    """What ``ansible-inventory`` told and listed."""

    err: str
    told: str
    listed: dict[str, t.Any]

    def tells(self, text: str) -> bool:
        return joined(text) in joined(self.told)

    @property
    def hosts(self) -> dict[str, dict[str, t.Any]]:
        """The hosts with their variables, without hosts that have none."""
        found: dict[str, dict[str, t.Any]] = self.listed["_meta"]["hostvars"]
        return found

    def group(self, name: str) -> set[str]:
        return set(self.listed.get(name, {}).get("hosts", []))


class Runner:
    """An empty directory with inventory files, and the commands that run in it."""

    def __init__(self, directory: Path, emulator: Emulator) -> None:
        self.directory = directory
        self._emulator = emulator

    def write(self, name: str, content: str) -> str:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return str(path)

    def config(self, name: str = "inventory", **options: t.Any) -> str:
        """Write a file for the plugin to a directory of that name."""
        path = Path(self.write(f"{name}/cloudflare_zones.yml", ""))
        return str(write_yaml(path, {"plugin": "zonefleet.cloudflare.zones", "retries": 0, **options}, Dumper))

    def run(self, *arguments: str, **variables: str | None) -> subprocess.CompletedProcess[str]:
        env = environment(self.directory / "home", self._emulator, **variables)
        return command(*arguments, env=env, cwd=self.directory)

    def list(self, *sources: str, options: t.Sequence[str] = (), **variables: str | None) -> Listing:
        """Run ``ansible-inventory --list``, with the variables of groups apart from those of their hosts."""
        path = self.directory / "listing.json"
        named = [part for source in sources for part in ("-i", source)]
        done = self.run("ansible-inventory", "--list", "--export", "--output", str(path), *named, *options, **variables)
        # Some versions mark texts that are not to be evaluated.
        listed = json.loads(path.read_text("utf-8"), object_hook=lambda item: item.get("__ansible_unsafe", item))
        return Listing(done.stderr, done.stdout + done.stderr, listed)


@pytest.fixture
def runner(tmp_path: Path, emulator: Emulator) -> Runner:
    """A runner whose environment has the URL and a token of the fixture `emulator`."""
    return Runner(tmp_path, emulator)


@with_zones
def test_hosts_with_their_variables(runner: Runner, emulator: Emulator) -> None:
    done = runner.list(
        runner.config(
            strict=True,
            compose={"is_paused": "cloudflare_zone.paused", "label": "cloudflare_zone_plan | upper"},
            groups={"canary": "cloudflare_zone_name == 'example.org'", "paused": "is_paused"},
            keyed_groups=[
                {"prefix": "plan", "key": "cloudflare_zone_plan", "parent_group": "plans"},
                {"prefix": "account", "key": "cloudflare_account_name"},
            ],
        )
    )
    assert (done.err, len(emulator.requests)) == ("", 1)
    assert done.group("cloudflare_zones") == set(NAMES)  # internal ones are asked for
    assert done.listed["cloudflare_zones"]["vars"] == {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "ansible_group_priority": 0,
    }
    assert done.hosts["example.com"] == {
        "cloudflare_zone_id": ID["example.com"],
        "cloudflare_zone_name": "example.com",
        "cloudflare_zone_status": "active",
        "cloudflare_zone_plan": "enterprise",
        "cloudflare_custom_certificate_quota": 5,
        "cloudflare_account_id": ZONES[0].api["account"]["id"],
        "cloudflare_account_name": "Example Account",
        "cloudflare_zone": ZONES[0].api,
        "is_paused": False,
        "label": "ENTERPRISE",
    }
    assert done.hosts["example.org"]["cloudflare_custom_certificate_quota"] is None
    assert done.group("canary") == {"example.org"}
    assert done.group("paused") == {"example.net"}
    assert done.group("plan_enterprise") == {"example.com"}
    assert done.group("account_Example_Account") == {"example.com"}
    assert set(done.listed["plans"]["children"]) == {"plan_enterprise", "plan_free", "plan_pro"}


# Filters: options, the zones that remain, and what is left to the API.
FILTERS: dict[str, tuple[dict[str, t.Any], set[str], set[str]]] = {
    "id": ({"accounts": [ZONES[1].api["account"]["id"]]}, {"example.net", "example.org"}, {"account.id"}),
    "template": ({"accounts": ["{{ account }}"], "statuses": ["active"]}, {"example.org"}, set()),
    "types": ({"types": ["internal", "partial"]}, {"inside.example", "example.org"}, {"type"}),
    "none": ({"names": ["nowhere.*"]}, set(), set()),
    "blind": ({"api_token": token("blind").value}, set(), set()),
}


@pytest.mark.emulator(zones=ZONES, tokens=[token("blind", zones=[])])
def test_filters(runner: Runner, emulator: Emulator) -> None:
    """In one inventory, as the host names differ."""
    done = runner.list(
        *(
            runner.config(name, hostname=f"{{{{ cloudflare_zone_name }}}}.{name}", **options)
            for name, (options, _kept, _query) in FILTERS.items()
        ),
        options=["-e", f"account={BETA}"],
    )
    assert set(done.hosts) == {f"{zone}.{name}" for name, (_options, kept, _query) in FILTERS.items() for zone in kept}
    asked = {name: set(request.query) for name, request in zip(FILTERS, emulator.requests, strict=True)}
    assert asked == {name: query | {"page", "per_page"} for name, (_options, _kept, query) in FILTERS.items()}
    assert done.tells("none of the 3 zones that were read passes the filters. 'names': nowhere.*")
    assert done.tells("blind/cloudflare_zones.yml: no zone is visible with these credentials")
    assert done.err.count("[WARNING]") == 2


SECRET = "cfut_verysecretverysecretverysecretverysecret"
HOSTILE_ZONE = token("hostile", zones=[HOSTILE]).value
NOT_SUPPORTED = "which host patterns do not support"
STRICT = {"strict": True, "names": ["example.com"]}
MISTAKES: dict[str, tuple[dict[str, t.Any], str]] = {
    "unknown": (
        {"status": ["active"]},
        "'status' is not an option of zonefleet.cloudflare.zones. Did you mean 'statuses'?",
    ),
    "type": ({"timeout": "soon"}, "timeout"),
    "value": (
        {"plans": ["buisness"]},
        "'buisness', which matches none of free, pro, business, enterprise. Did you mean 'business'?",
    ),
    "list": ({"api_token": [SECRET]}, "'api_token' must be a string"),
    "two-kinds": ({"api_token": SECRET, "api_key": SECRET, "api_email": "a@example.com"}, "two kinds of credentials"),
    "template": ({"api_token": f"{SECRET}{{{{ nonsense"}, "'api_token' is a template that fails"),
    "url": ({"api_token": SECRET, "api_url": f"https://{SECRET}@api.example"}, "'api_url' contains an '@'"),
    "refused": ({"api_token": SECRET}, "Could not list zones: GET /zones"),
    "hostname": ({"hostname": "{{ nonsense }}"}, "'hostname' fails for zone example.com"),
    "space": ({"hostname": "cloudflare_zone_plan ~ ' plan'"}, "set 'hostname' to a template"),
    "compose": (STRICT | {"compose": {"x": "nonsense.y"}}, "host example.com"),
    "groups": (STRICT | {"groups": {"x": "nonsense.y"}}, "host example.com"),
    "keyed-groups": (STRICT | {"keyed_groups": [{"key": "nonsense.y"}]}, "host example.com"),
    # Names that something else has, or nothing can have
    "two-zones": ({"api_token": token("twice").value}, "The host name twice.example is that of 2 zones: "),
    "other-file": ({"names": ["*.org"]}, f"is already defined by FIRST for zone {ID['example.org']}. "),
    "server": ({"names": ["*.net"]}, "is already defined by SERVERS. The two would become one host"),
    "group": ({"names": ["inside.*"], "types": ["*"]}, "is already the name of a group"),
    "hostile": ({"api_token": HOSTILE_ZONE}, NOT_SUPPORTED),
    "from-hostile": ({"api_token": HOSTILE_ZONE, "hostname": "{{ cloudflare_account_name }}"}, NOT_SUPPORTED),
    "from-expression": ({"api_token": HOSTILE_ZONE, "hostname": "cloudflare_account_name"}, NOT_SUPPORTED),
}


@pytest.mark.emulator(
    zones=[
        *ZONES,
        zone("twice.example", account="Old", status="moved"),
        zone("twice.example", account="New"),
        zone(HOSTILE, account=HOSTILE),
    ],
    tokens=[
        token("default", zones=list(ID)),
        token("twice", zones=["twice.example"]),
        token("hostile", zones=[HOSTILE]),
    ],
)
def test_a_mistake_is_told_with_its_file_and_without_secrets_and_leaves_no_host(runner: Runner) -> None:
    first = runner.config("first", names=["*.org"])
    servers = runner.write("servers", "[web]\nexample.net ansible_host=192.0.2.1\n[inside.example]\n192.0.2.2\n")
    misnamed = runner.write("zones.yml", "plugin: zonefleet.cloudflare.zones\n")
    configs = {name: runner.config(name, **mistake[0]) for name, mistake in MISTAKES.items()}
    done = runner.list(first, first, servers, misnamed, *configs.values(), options=["-vvvv"])
    # The hosts of the sources without a mistake, and these as they are there.
    assert set(done.hosts) == {"example.org", "example.net"}
    assert done.hosts["example.net"] == {"ansible_host": "192.0.2.1"}
    for name, (_options, problem) in MISTAKES.items():
        _before, *told = joined(done.told).split(joined(f"{configs[name]}: "))
        wanted = joined(problem.replace("FIRST", first).replace("SERVERS", servers))
        assert [text for text in told if wanted in text.partition("cloudflare_zones.yml:")[0]], (name, told)
    assert done.tells("Old, status moved)")
    assert done.tells("New, status active)")
    assert done.tells(f"[WARNING]: {misnamed} is not for zonefleet.cloudflare.zones: its name does not end in")
    assert done.tells("Rename it.")
    assert not done.tells(SECRET)
    assert not done.tells(f"{first}: The host name")
    assert not list(runner.directory.rglob("pwned"))


@pytest.mark.emulator(zones=generate(60), tokens=[token("slow", user="user-2")])
def test_what_the_api_refuses_leaves_no_host(runner: Runner, emulator: Emulator) -> None:
    done = runner.list(runner.config())
    assert done.err == ""
    # A request takes up to 50 zones.
    assert (len(done.hosts), len(emulator.requests)) == (60, 2)

    (name, unread), *_others = emulator.zones.items()
    emulator.fault(Fault("throttled", retry_after="300"))
    emulator.fault(Fault("server_error"), path="/zones", after=1)
    emulator.fault(Fault("html", status=403), path="/zones/*/custom_certificates")
    slow = runner.config("slow", api_token=emulator.tokens["slow"].value, max_wait=1)
    half = runner.config("half")
    certificates = runner.config("certificates", certificates=True, names=[name])
    done = runner.list(slow, half, certificates)
    assert done.hosts == {}
    # Not on stdout, which may be the inventory.
    assert f"{slow}: Waiting 300 s: " in done.err
    assert done.tells("'max_wait' is 1 s")
    assert done.tells(f"{half}: Could not list zones: GET /zones")
    assert done.tells(f"{certificates}: Could not list the custom certificates of zone {unread.id}")


@with_zones
def test_requests_that_is_missing(runner: Runner, emulator: Emulator) -> None:
    runner.write("missing/requests.py", "raise ImportError('No module named requests')")
    done = runner.list(runner.config(), PYTHONPATH=str(runner.directory / "missing"))
    assert done.tells("The Python library 'requests'")
    assert done.hosts == {}
    assert emulator.requests == []


@pytest.mark.emulator(
    zones=ZONES,
    tokens=[
        token("beta", zones=["example.net"], user="user-2", email="beta@example.com"),
        token("gamma", zones=["example.org"], user="user-3", email="gamma@example.com"),
        token("all", value="cfut_all"),
    ],
)
def test_options_win_over_the_environment_as_a_whole(runner: Runner, emulator: Emulator) -> None:
    beta, gamma = emulator.tokens["beta"], emulator.tokens["gamma"]
    url = "{{ lookup('ansible.builtin.env', 'WHERE') }}"
    cases: dict[str, tuple[dict[str, t.Any], t.Collection[str]]] = {
        "vault": ({"api_token": encrypt(emulator.token)}, NAMES),
        "pair": ({"account_email": beta.email, "account_api_key": "{{ key }}"}, ["example.net"]),
        "blank": ({"api_token": " "}, ["example.org"]),
        # A pair is never completed from the environment.
        "half": ({"api_email": beta.email}, []),
    }
    done = runner.list(
        *(
            runner.config(name, api_url=url, hostname=f"{{{{ cloudflare_zone_name }}}}.{name}", **case[0])
            for name, case in cases.items()
        ),
        options=["-e", f"key={beta.key}", "--vault-password-file", runner.write("password", PASSWORD)],
        WHERE=emulator.url,
        CLOUDFLARE_BASE_URL=None,
        CLOUDFLARE_API_TOKEN="",
        CLOUDFLARE_EMAIL=gamma.email,
        CLOUDFLARE_API_KEY=gamma.key,
    )
    assert set(done.hosts) == {f"{zone}.{name}" for name, (_options, seen) in cases.items() for zone in seen}
    assert done.tells("half/cloudflare_zones.yml: 'api_email' is set without 'api_key'")
    # Nothing of the environment is a template.
    assert runner.list(runner.config(), CLOUDFLARE_API_TOKEN="{{'cfut_all'}}").hosts == {}


# The cache


def caching(runner: Runner) -> dict[str, t.Any]:
    place = str(runner.directory / "cached")
    return {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": place}


@pytest.mark.emulator(
    zones=[
        zone("two.example", certificates=[certificate(["two.example"]), certificate(["two.example", "x.two.example"])]),
        zone("apart.example", certificates=[certificate(["apart.example"]), certificate(["www.apart.example"])]),
        zone("none.example"),
        zone("free.example", plan="free"),
    ]
)
def test_certificates_are_counted_and_contested_zones_grouped(runner: Runner, emulator: Emulator) -> None:
    plan_error = '{"success": false, "errors": [{"code": 1011, "message": "Plan level"}]}'
    emulator.fault(Fault("answer", status=400, body=plan_error), path=f"/zones/{emulator.zones['free.example'].id}/*")
    numbers = {"two.example": 2, "apart.example": 2, "none.example": 0, "free.example": 0}
    # Asked, cached, and the one zone more.
    for names, listed, read in ((["!free.*"], 1, 3), (["!free.*"], 0, 0), ([], 0, 1)):
        emulator.clear()
        done = runner.list(runner.config(certificates=True, names=names, **caching(runner)))
        assert done.err == ""
        paths = [request.path.rpartition("/")[2] for request in emulator.requests]
        assert paths == ["zones"] * listed + ["custom_certificates"] * read
        counts = {name: found["cloudflare_custom_certificates"] for name, found in done.hosts.items()}
        assert counts == {name: number for name, number in numbers.items() if not (names and name == "free.example")}
        assert done.group("cloudflare_contested") == {"two.example"}


@pytest.mark.emulator(zones=ZONES, tokens=[token("beta", zones=["example.net"])])
def test_the_cache(runner: Runner, emulator: Emulator) -> None:
    beta = emulator.tokens["beta"].value

    def requests(options: dict[str, t.Any], **variables: str) -> tuple[int, set[str]]:
        """The number of requests of a run, and its hosts."""
        emulator.clear()
        done = runner.list(runner.config(**caching(runner), **options), **variables)
        return len(emulator.requests), set(done.hosts)

    assert requests({}) == (1, set(NAMES))
    # What is made of the zones is made anew.
    made = {"names": ["!*.com"], "hostname": "{{ cloudflare_zone_name }}.zone"}
    assert requests(made) == (0, {"example.net.zone", "example.org.zone"})
    # Other credentials, or another question to the API, are another answer.
    assert requests({}, CLOUDFLARE_API_TOKEN=beta) == (1, {"example.net"})
    assert requests({"types": ["internal"]}) == (1, {"inside.example"})
    # Neither the files nor their names hold a credential.
    files = list((runner.directory / "cached").iterdir())
    assert len(files) == 3
    held = "".join(file.name + file.read_text(encoding="utf-8") for file in files)
    assert not [secret for secret in (emulator.token, beta) if secret in held or secret[5:21] in held]
    # Whoever asks for fresh zones gets them, and the cache does.
    with emulator.lock:
        emulator.zones["example.org"].api["status"] = "moved"
    emulator.clear()
    fresh = runner.config(**caching(runner))
    play = runner.write("play.yml", "- hosts: cloudflare_zones\n")
    flush = runner.run("ansible-playbook", "-i", fresh, "--flush-cache", "--list-hosts", play)
    assert (flush.returncode, len(emulator.requests)) == (0, 1)
    assert requests({"statuses": ["moved"]}) == (0, {"example.org"})
    # What cannot be read, or is of something else, is replaced.
    for content in ('{"format": 2, "zo', '["something", "else"]'):
        for file in files:
            file.write_text(content, encoding="utf-8")
        assert requests({}) == (1, set(NAMES))
        assert sum(file.read_text(encoding="utf-8") != content for file in files) == 1
    # A credential is needed all the same.
    assert runner.list(fresh, CLOUDFLARE_API_TOKEN="").hosts == {}


# Plays

ON_SERVERS = """
- hosts: apps
  gather_facts: false
  tasks:
    - ansible.builtin.command: touch {{ inventory_dir }}/touched
"""


@with_zones
def test_nothing_meant_for_a_server_runs_here(runner: Runner) -> None:
    """A server with the name of a zone, in a file that is read after that of the zones: the variables of its group win."""
    runner.config("inventory")
    runner.write(
        "inventory/hosts", "[apps]\nexample.com\n[apps:vars]\nansible_connection=ssh\nansible_host=127.0.0.1\n"
    )
    done = runner.run(
        "ansible-playbook",
        "-i",
        str(runner.directory / "inventory"),
        runner.write("play.yml", ON_SERVERS),
        ANSIBLE_SSH_COMMON_ARGS="-oPort=1 -oBatchMode=yes -oConnectTimeout=3",
    )
    assert done.returncode != 0, done
    assert "UNREACHABLE!" in done.stdout, done
    assert not list(runner.directory.rglob("touched"))


ON_ZONES = """
- hosts: cloudflare_zones
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: "{{ cloudflare_zone_name }} / {{ cloudflare_account_name }} / {{ cloudflare_zone.account.name }} /
          {{ cloudflare_zone.tenant.name }} / {{ copied }} / {{ hostvars[inventory_hostname] | to_json | length > 0 }}"
    - ansible.builtin.ping:
    - ansible.builtin.assert:
        that:
          - ansible_connection == 'local'
          - ansible_python_interpreter == ansible_playbook_python
          - "'same' in group_names"
    - ansible.builtin.meta: refresh_inventory
    - ansible.builtin.assert:
        that: groups['cloudflare_zones'] | length == 2
"""


@pytest.mark.emulator(
    zones=[
        zone(HOSTILE, account=HEADER, tenant={"id": None, "name": HOSTILE}, plan="business"),
        zone("example.net", account=HOSTILE, tenant={"id": None, "name": HEADER}, plan="free"),
    ]
)
def test_nothing_from_the_api_is_ever_evaluated(runner: Runner) -> None:
    config = runner.config(
        strict=True,
        hostname="cloudflare_zone_id",
        compose={"copied": "'<' ~ cloudflare_account_name ~ '>'"},
        keyed_groups=[{"prefix": "account", "key": "cloudflare_account_name"}],
        groups={"same": "cloudflare_account_name == cloudflare_zone.account.name"},
    )
    done = runner.run("ansible-playbook", "-i", config, runner.write("play.yml", ON_ZONES))
    assert done.returncode == 0, done
    assert f'"{HOSTILE} / ' in done.stdout
    assert f"<{HOSTILE}>" in done.stdout
    assert "[% lookup(" in done.stdout
    assert not list(runner.directory.rglob("pwned"))
