# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Zones as hosts: inventory files with ansible-inventory and in plays."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from emulator import Fault, certificate, generate, token, zone

if t.TYPE_CHECKING:
    from emulator import Emulator

    from .conftest import Runner

BETA = "Beta"
ZONES = [
    zone("example.com", plan="enterprise", quota="5"),
    zone("example.net", plan="free", status="pending", account=BETA, paused=True),
    zone("example.org", type="partial", account=BETA, meta={"step": 4}, plan="pro"),
    zone("inside.example", type="internal"),
]
ID = {item.name: item.id for item in ZONES}
# Texts that would be templates on some ansible-core, were they trusted.
HOSTILE = "{{ lookup('ansible.builtin.pipe', 'touch pwned') }}"
HEADER = (
    "#jinja2:variable_start_string:'[%',variable_end_string:'%]'\n[% lookup('ansible.builtin.pipe', 'touch pwned') %]"
)

with_zones = pytest.mark.emulator(zones=ZONES)


# Hosts, groups and variables


@with_zones
def test_hosts_with_their_variables(runner: Runner, emulator: Emulator) -> None:
    done = runner.list(runner.config())
    assert (done.rc, done.err) == (0, "")
    assert done.group("cloudflare_zones") == {
        "example.com",
        "example.net",
        "example.org",
    }  # internal ones are asked for
    assert len(emulator.requests) == 1
    found = done.hosts["example.com"]
    zone_object = found.pop("cloudflare_zone")
    assert found == {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "cloudflare_zone_id": ID["example.com"],
        "cloudflare_zone_name": "example.com",
        "cloudflare_zone_status": "active",
        "cloudflare_zone_plan": "enterprise",
        "cloudflare_custom_certificate_quota": 5,
        "cloudflare_account_id": ZONES[0].api["account"]["id"],
        "cloudflare_account_name": "Example Account",
    }
    assert zone_object == ZONES[0].api
    assert done.hosts["example.org"]["cloudflare_custom_certificate_quota"] is None


@with_zones
def test_the_exported_group(runner: Runner) -> None:
    group = runner.list(runner.config(), options=["--export"]).listing["cloudflare_zones"]["vars"]
    assert set(group) == {"ansible_connection", "ansible_python_interpreter", "ansible_group_priority"}


@with_zones
def test_constructed_features(runner: Runner) -> None:
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
    assert (done.rc, done.err) == (0, "")
    assert done.group("canary") == {"example.org"}
    assert done.group("paused") == {"example.net"}
    assert done.group("plan_enterprise") == {"example.com"}
    assert done.group("account_Example_Account") == {"example.com"}
    assert set(done.listing["plans"]["children"]) == {"plan_enterprise", "plan_free", "plan_pro"}
    assert done.hosts["example.com"]["label"] == "ENTERPRISE"


@with_zones
@pytest.mark.parametrize(
    "options",
    [
        {"compose": {"x": "nonsense.y"}},
        {"groups": {"x": "nonsense.y"}},
        {"keyed_groups": [{"key": "nonsense.y"}]},
    ],
    ids=["compose", "groups", "keyed_groups"],
)
def test_with_strict_a_mistake_leaves_no_host(runner: Runner, options: dict[str, t.Any]) -> None:
    config = runner.config(strict=True, **options)
    # Without another source that can be read, Ansible shows no host in any case.
    done = runner.list(config, "other,", ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="false")
    assert done.hosts == {}
    assert done.tells(config)
    assert done.tells("host example.com")


@pytest.mark.emulator(zones=generate(200), throttle=None)
def test_fifty_zones_take_a_request(runner: Runner, emulator: Emulator) -> None:
    done = runner.command("ansible-inventory", "-i", runner.config(), "--graph")
    assert (done.rc, done.err) == (0, "")
    assert done.out.count("--brand-") == 200
    assert len(emulator.requests) == 4


@pytest.mark.emulator(zones=[])
def test_no_zone_at_all_is_warned_about(runner: Runner) -> None:
    done = runner.list(runner.config())
    assert done.rc == 0
    assert done.tells("no zone is visible with these credentials")


# Filters


@with_zones
@pytest.mark.parametrize(
    ("options", "kept", "query"),
    [
        ({"accounts": [ZONES[1].api["account"]["id"]]}, {"example.net", "example.org"}, {"account.id"}),
        ({"accounts": ["{{ account }}"], "statuses": ["active"]}, {"example.org"}, set()),
        ({"types": ["internal", "partial"]}, {"inside.example", "example.org"}, {"type"}),
        ({"names": ["nowhere.*"]}, set(), set()),
    ],
    ids=["account-id", "template-status", "types", "none"],
)
def test_filters(
    runner: Runner, emulator: Emulator, options: dict[str, t.Any], kept: set[str], query: set[str]
) -> None:
    done = runner.list(runner.config(**options), options=["-e", f"account={BETA}"])
    assert done.rc == 0
    assert done.group("cloudflare_zones") == kept
    assert set(emulator.requests[0].query) - {"page", "per_page"} == query
    assert done.tells("none of the 3 zones that were read passes the filters") is (not kept)


# All or nothing


@pytest.mark.emulator(zones=generate(120), throttle=None)
def test_half_an_inventory_is_an_error(runner: Runner, emulator: Emulator) -> None:
    emulator.fault(Fault("server_error"), path="/zones", times=None, after=1)
    config = runner.config()
    done = runner.list(config, ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="false")
    assert done.tells(f"{config}: Could not list zones")
    assert done.hosts == {}
    assert "brand-" not in done.out
    assert runner.list(config).rc != 0


@with_zones
def test_waiting_is_told_and_not_on_stdout_and_has_an_end(runner: Runner, emulator: Emulator) -> None:
    emulator.fault(Fault("throttled", retry_after="300"))
    done = runner.list(runner.config(max_wait=1), ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="false")
    assert done.hosts == {}
    assert "Waiting 300 s: " in done.err
    assert done.tells("'max_wait' is 1 s")


@pytest.mark.emulator(
    zones=[
        zone("two.example", certificates=[certificate(["two.example"]), certificate(["two.example", "x.two.example"])]),
        zone("apart.example", certificates=[certificate(["apart.example"]), certificate(["www.apart.example"])]),
        zone("none.example"),
        zone("free.example", plan="free"),
    ]
)
def test_certificates_are_counted_and_contested_zones_grouped(runner: Runner, emulator: Emulator) -> None:
    caching = {
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(runner.directory / "c"),
    }
    config: dict[str, t.Any] = {"certificates": True, "names": ["!free.*"], **caching}
    plan_error = {"success": False, "errors": [{"code": 1011, "message": "Plan level"}], "messages": [], "result": None}
    refusal = Fault("answer", status=400, body=json.dumps(plan_error))
    for number, zones in ((3, 3), (0, 3), (1, 4)):  # asked, cached, and the one zone more
        emulator.clear()
        if number == 1:
            config["names"] = []
            emulator.fault(refusal, path=f"/zones/{emulator.zones['free.example'].id}/*")
        done = runner.list(runner.config(**config))
        assert (done.rc, done.err) == (0, "")
        reads = [request for request in emulator.requests if request.path.endswith("/custom_certificates")]
        assert (len(reads), len(done.hosts)) == (number, zones)
        counts = {name: found["cloudflare_custom_certificates"] for name, found in done.hosts.items()}
        numbers = {"two.example": 2, "apart.example": 2, "none.example": 0, "free.example": 0}
        assert counts == {name: number for name, number in numbers.items() if name in done.hosts}
        assert done.group("cloudflare_contested") == {"two.example"}


@with_zones
def test_certificates_that_cannot_be_read_leave_no_host(runner: Runner, emulator: Emulator) -> None:
    emulator.fault(Fault("html", status=403), path=f"/zones/{ID['example.org']}/custom_certificates")
    done = runner.list(runner.config(certificates=True))
    assert done.rc != 0 and done.tells(f"Could not list the custom certificates of zone {ID['example.org']}")


@with_zones
def test_a_file_with_another_ending_is_warned_about(runner: Runner) -> None:
    config = runner.config("zones.yml")
    done = runner.list(config)
    assert done.tells(f"{config} is not for zonefleet.cloudflare.zones: its name does not end in cloudflare_zones.yml")
    assert done.tells("[WARNING]") and done.tells("Rename it.")


# Mistakes


@with_zones
@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"status": ["active"]}, "'status' is not an option of zonefleet.cloudflare.zones. Did you mean 'statuses'?"),
        ({"timeout": "soon"}, "timeout"),
        (
            {"plans": ["buisness"]},
            "'buisness', which matches none of free, pro, business, enterprise. Did you mean 'business'?",
        ),
        ({"api_token": ["SECRET"]}, "'api_token' must be a string"),
        ({"api_token": "SECRET", "api_key": "SECRET", "api_email": "a@example.com"}, "two kinds of credentials"),
        ({"api_token": "{{ nonsense }}"}, "'api_token' is a template that fails"),
        ({"api_token": "SECRETTOKEN{{ nonsense"}, "'api_token' is a template that fails"),
        ({"api_token": "SECRET", "api_url": "https://SECRET@api.example"}, "'api_url' contains an '@'"),
        ({"api_token": "SECRET"}, "Could not list zones: GET /zones"),
        ({"hostname": "{{ nonsense }}"}, "'hostname' fails for zone example.com"),
        ({"hostname": "cloudflare_zone_plan ~ ' plan'"}, "'hostname' to a template"),
    ],
)
def test_mistakes_are_told_with_the_file_and_without_secrets(
    runner: Runner, options: dict[str, t.Any], problem: str
) -> None:
    secret = "cfut_verysecretverysecretverysecretverysecret"
    options = {name: _replaced(value, secret) for name, value in options.items()}
    config = runner.config(**options)
    done = runner.list(config, options=["-vvvv"])
    assert done.rc != 0
    assert done.tells(f"{config}: ")
    assert done.tells(problem)
    assert not done.tells(secret)


def _replaced(value: t.Any, secret: str) -> t.Any:
    if isinstance(value, list):
        return [_replaced(item, secret) for item in value]
    return value.replace("SECRET", secret) if isinstance(value, str) else value


@with_zones
def test_requests_that_is_missing(runner: Runner, emulator: Emulator) -> None:
    runner.write("missing/requests.py", "raise ImportError('No module named requests')")
    done = runner.list(runner.config(), PYTHONPATH=str(runner.directory / "missing"))
    assert done.rc != 0
    assert done.tells("The Python library 'requests'")
    assert len(emulator.requests) == 0


# Credentials


@pytest.mark.emulator(
    zones=ZONES, tokens=[token("beta", zones=["example.net"], email="beta@example.com"), token("all", value="cfut_all")]
)
def test_options_win_over_the_environment_as_a_whole(runner: Runner, emulator: Emulator) -> None:
    beta = emulator.tokens["beta"]

    def seen(options: dict[str, t.Any], *more: str, **environment: str | None) -> set[str]:
        done = runner.list(runner.config(**options), options=more, **environment)
        assert (done.rc, done.err) == (0, "")
        return set(done.hosts)

    pair: dict[str, str | None] = {"CLOUDFLARE_EMAIL": beta.email, "CLOUDFLARE_API_KEY": beta.key}
    templates = {"account_email": beta.email, "account_api_key": "{{ key }}"}
    assert seen(templates, "-e", f"key={beta.key}") == {"example.net"}
    assert seen({"api_token": " "}, **pair, CLOUDFLARE_API_TOKEN="") == {"example.net"}
    url = "{{ lookup('ansible.builtin.env', 'WHERE') }}"
    assert len(seen({"api_url": url}, CLOUDFLARE_BASE_URL=None, WHERE=emulator.url)) == 3
    # A pair is never completed from the environment, and nothing of the environment is a template.
    half = runner.list(runner.config(api_email=beta.email), options=(), **pair)
    assert half.rc != 0
    assert half.tells("'api_email' is set without 'api_key'")
    braces = runner.list(runner.config(), CLOUDFLARE_API_TOKEN="{{'cfut_all'}}")
    assert braces.rc != 0


@with_zones
def test_a_vaulted_token(runner: Runner, emulator: Emulator) -> None:
    password = runner.write("password", "open sesame")
    made = runner.command("ansible-vault", "encrypt_string", "--vault-password-file", password, emulator.token)
    config = runner.write(
        "cloudflare_zones.yml", f"plugin: zonefleet.cloudflare.zones\napi_token: {made.out.rstrip()}\n"
    )
    done = runner.list(config, options=["--vault-password-file", password], CLOUDFLARE_API_TOKEN=None)
    assert (done.rc, done.err) == (0, "")
    assert len(done.hosts) == 3


# The cache


@pytest.mark.emulator(zones=ZONES, tokens=[token("beta", zones=["example.net"])])
def test_the_cache(runner: Runner, emulator: Emulator) -> None:
    place = runner.directory / "cached"
    caching: dict[str, t.Any] = {
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(place),
    }

    done = runner.list(runner.config(**caching))

    def requests(*options: str, config: dict[str, t.Any] | None = None, **environment: str | None) -> int:
        nonlocal done
        emulator.clear()
        done = runner.list(runner.config(**caching, **(config or {})), options=options, **environment)
        assert done.rc == 0, done.err
        return len(emulator.requests)

    first = done.hosts
    assert requests() == 0
    assert done.hosts == first
    # What is made of the zones is made anew.
    made = {
        "groups": {"canary": "cloudflare_zone_name == 'example.org'"},
        "hostname": "{{ cloudflare_zone_name }}.zone",
    }
    assert requests(config={**made, "names": ["!example.com"]}) == 0
    assert done.group("canary") == {"example.org.zone"}
    assert set(done.hosts) == {"example.org.zone", "example.net.zone"}
    # Other credentials, or another question to the API, are another answer; which then is cached as well.
    assert requests(CLOUDFLARE_API_TOKEN=emulator.tokens["beta"].value) == 1
    assert set(done.hosts) == {"example.net"}
    assert requests(config={"types": ["full", "internal"]}) == 1
    assert requests(config={"types": ["internal"]}) == 0
    assert set(done.hosts) == {"inside.example"}
    # Whoever asks for fresh zones gets them.
    with emulator.lock:
        emulator.zones["example.org"].api["status"] = "moved"
    emulator.clear()
    play = runner.write("play.yml", "- hosts: cloudflare_zones\n")
    flush = runner.command("ansible-playbook", "-i", runner.config(**caching), "--flush-cache", "--list-hosts", play)
    assert (flush.rc, len(emulator.requests)) == (0, 1)
    assert requests() == 0
    assert done.hosts["example.org"]["cloudflare_zone_status"] == "moved"
    # Neither the files nor their names hold a credential.
    for file in place.iterdir():
        for secret in (emulator.token, emulator.tokens["beta"].value):
            assert secret not in file.name + file.read_text(encoding="utf-8")
            assert secret[5:21] not in file.name
    # A credential is needed all the same.
    assert runner.list(runner.config(**caching), CLOUDFLARE_API_TOKEN="").rc != 0


@with_zones
@pytest.mark.parametrize("content", ['{"format": 2, "zo', '["something", "else"]'])
def test_a_spoilt_cache_is_replaced(runner: Runner, emulator: Emulator, content: str) -> None:
    place = runner.directory / "cached"
    config = runner.config(cache=True, cache_plugin="ansible.builtin.jsonfile", cache_connection=str(place))
    assert runner.list(config).rc == 0
    (file,) = place.iterdir()
    file.write_text(content, encoding="utf-8")
    done = runner.list(config)
    assert done.rc == 0
    assert len(done.hosts) == 3
    assert len(emulator.requests) == 2
    assert file.read_text(encoding="utf-8") != content


# Names


@pytest.mark.emulator(zones=[zone("example.com", account="Old", status="moved"), zone("example.com", account="New")])
def test_one_name_for_two_zones(runner: Runner, emulator: Emulator) -> None:
    done = runner.list(runner.config())
    assert done.rc != 0
    for part in (*emulator.zones_by_id, "Old", "New", "'statuses'", "'hostname'"):
        assert done.tells(part)
    apart = runner.list(runner.config(hostname="{{ cloudflare_zone_name }}.{{ cloudflare_account_name | lower }}"))
    assert set(apart.hosts) == {"example.com.old", "example.com.new"}


@with_zones
def test_two_files_and_one_zone(runner: Runner) -> None:
    one = runner.config("a_cloudflare_zones.yml", names=["*.com", "*.net"])
    other = runner.config("b_cloudflare_zones.yml", names=["*.org"])
    assert set(runner.list(one, other).hosts) == {"example.com", "example.net", "example.org"}
    assert runner.list(one, one).rc == 0
    other = runner.config("b_cloudflare_zones.yml", names=["*.org", "*.net"])
    done = runner.list(one, other)
    assert done.rc != 0
    assert done.tells(f"is already defined by {one} for zone {ID['example.net']}")


PLAY = """
- hosts: {hosts}
  gather_facts: false
  tasks:
    - ansible.builtin.command:
        cmd: touch {file}
        creates: {file}
"""


@with_zones
@pytest.mark.parametrize("order", ["server first", "group first", "server last", "group of the server last"])
def test_nothing_meant_for_a_server_runs_here(runner: Runner, order: str) -> None:
    file = runner.directory / "touched"
    play = runner.write("play.yml", PLAY.format(hosts="web", file=file))
    zones = runner.config("inventory/5_cloudflare_zones.yml")
    runner.write(*{
        "server first": ("inventory/1_hosts", "[web]\nexample.com\n"),
        "group first": ("inventory/1_hosts", "[example.com]\n192.0.2.1\n[web:children]\nexample.com\n"),
        "server last": ("inventory/9_hosts", "[web]\nexample.com ansible_connection=ssh ansible_host=127.0.0.1\n"),
        "group of the server last": (
            "inventory/9_hosts",
            "[all_servers]\n[all_servers:children]\nweb\n"
            "[web]\nexample.com\n[web:vars]\nansible_connection=ssh\nansible_host=127.0.0.1\nansible_port=1\n",
        ),
    }[order])  # fmt: skip
    done = runner.command(
        "ansible-playbook",
        "-i",
        str(runner.directory / "inventory"),
        play,
        ANSIBLE_SSH_COMMON_ARGS="-oPort=1 -oBatchMode=yes -oConnectTimeout=3",
    )
    assert done.rc != 0
    assert not file.exists()
    if order in {"server first", "group first"}:
        assert done.tells(f"{zones}: The host name example.com of zone {ID['example.com']}")
        assert done.tells("separate inventory") and done.tells("'hostname'")
    else:
        assert done.tells("UNREACHABLE")


@with_zones
def test_hostname_keeps_zones_and_servers_apart(runner: Runner) -> None:
    runner.config("inventory/cloudflare_zones.yml", hostname="{{ cloudflare_zone_name }}.zone")
    runner.write("inventory/hosts", "[web]\nexample.com ansible_host=192.0.2.1\n")
    done = runner.list(str(runner.directory / "inventory"))
    assert done.hosts["example.com"] == {"ansible_host": "192.0.2.1"}
    assert done.group("cloudflare_zones") == {"example.com.zone", "example.net.zone", "example.org.zone"}


# Plays

ON_ZONES = """
- hosts: cloudflare_zones
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: "{{ cloudflare_account_name }} / {{ cloudflare_zone.account.name }} / {{ cloudflare_zone.tenant.name }} /
          {{ copied | default('') }} / {{ inventory_hostname }} / {{ hostvars[inventory_hostname] | to_json | length > 0 }}"
    - ansible.builtin.ping:
    - ansible.builtin.assert:
        that:
          - ansible_connection == 'local'
          - ansible_python_interpreter == ansible_playbook_python
    - ansible.builtin.meta: refresh_inventory
    - ansible.builtin.assert:
        that: groups['cloudflare_zones'] | length == 2
"""


@pytest.mark.emulator(
    zones=[
        zone("example.com", account=HOSTILE, tenant={"id": None, "name": HEADER}, plan="business"),
        zone("example.net", account=HEADER, tenant={"id": None, "name": HOSTILE}, plan="free"),
    ]
)
def test_nothing_from_the_api_is_ever_evaluated(runner: Runner, emulator: Emulator) -> None:
    config = runner.config(
        strict=True,
        compose={"copied": "'<' ~ cloudflare_account_name ~ '>'"},
        keyed_groups=[{"prefix": "account", "key": "cloudflare_account_name"}],
        groups={"same": "cloudflare_account_name == cloudflare_zone.account.name"},
    )
    done = runner.command("ansible-playbook", "-i", config, runner.write("play.yml", ON_ZONES))
    assert done.rc == 0, done
    assert HOSTILE in done.out
    assert f"<{HOSTILE}>" in done.out
    assert "[% lookup(" in done.out
    assert runner.list(config).group("same") == {"example.com", "example.net"}
    # Not even as the name of a host.
    for options in ({"hostname": "{{ cloudflare_account_name }}"}, {"hostname": "cloudflare_account_name"}):
        refused = runner.list(runner.config(**options))
        assert refused.rc != 0
        assert refused.tells("which host patterns do not support")
    assert not list(pathlib.Path(runner.directory).rglob("pwned"))


@pytest.mark.emulator(zones=[zone(HOSTILE), zone("example.com")])
def test_a_zone_with_a_hostile_name(runner: Runner) -> None:
    done = runner.list(runner.config())
    assert done.rc != 0
    assert done.tells("which host patterns do not support")
    config = runner.config(hostname="cloudflare_zone_id")
    play = runner.write("play.yml", ON_ZONES.replace("cloudflare_account_name }}", "cloudflare_zone_name }}"))
    done = runner.command("ansible-playbook", "-i", config, play)
    assert done.rc == 0, done
    assert HOSTILE in done.out
    assert not list(pathlib.Path(runner.directory).rglob("pwned"))
