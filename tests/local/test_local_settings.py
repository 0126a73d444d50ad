"""What needs no process: ports, the environment of the parts, Dagster's files, and paths that can't be."""

import contextlib
import socket
from multiprocessing import Queue, get_context
from pathlib import Path

import pytest
import yaml

from local.dagster_files import write_dagster_files
from local.database_folder import prepare_database_folder
from local.environment import process_environment, settings
from local.errors import StackError
from local.home import Home, open_home
from local.ports import PREFERRED_PORTS, PortClaims, choose_ports
from local.temporary_home import temporary_home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = open_home(tmp_path / "home")
    home.create()
    claims = PortClaims()
    choose_ports(home, claims)
    claims.release()
    return home


def test_a_claimed_port_is_not_given_twice(tmp_path: Path) -> None:
    first, second = PortClaims(), PortClaims()
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        assert not first.claim(taken)
    assert first.claim(taken)
    assert not second.claim(taken)
    first.release()
    assert second.claim(taken)
    second.release()


def test_homes_that_start_at_once_get_different_ports(tmp_path: Path) -> None:
    homes = 8
    multiprocessing = get_context("fork")
    together, done = multiprocessing.Barrier(homes), multiprocessing.Event()
    chosen: Queue[list[int]] = multiprocessing.Queue()

    def choose(path: Path) -> None:
        home = open_home(path)
        home.create()
        claims = PortClaims()  # they go with the process
        together.wait(20)
        chosen.put(list(choose_ports(home, claims).values()))
        done.wait(20)

    processes = [multiprocessing.Process(target=choose, args=(tmp_path / str(number),)) for number in range(homes)]
    for process in processes:
        process.start()
    ports = [port for _ in processes for port in chosen.get(timeout=20)]
    done.set()
    for process in processes:
        process.join(20)
    assert len(set(ports)) == len(ports) == homes * len(PREFERRED_PORTS)


def test_secrets_and_state_are_readable_by_their_owner_alone(home: Home) -> None:
    for name in ("secrets.json", "home.json"):
        assert (home.path / name).stat().st_mode & 0o777 == 0o600


def test_the_processes_see_what_env_prints_and_nothing_that_leads_astray(home: Home) -> None:
    inherited = {"PGHOST": "elsewhere", "AWS_SESSION_TOKEN": "x", "PYTHONDONTWRITEBYTECODE": "1", "TERM": "t"}
    seen = process_environment(home, inherited)
    assert settings(home).items() <= seen.items()
    assert seen["TERM"] == "t"
    assert not {"PGHOST", "AWS_SESSION_TOKEN", "PYTHONDONTWRITEBYTECODE"} & seen.keys()
    assert "127.0.0.1" in process_environment(home, {"no_proxy": "corp"})["no_proxy"]


def test_the_workspace_names_both_code_servers(home: Home) -> None:
    write_dagster_files(home)
    servers = [entry["grpc_server"] for entry in yaml.safe_load(home.workspace.read_text())["load_from"]]
    assert [(one["location_name"], one["port"]) for one in servers] == [
        ("rollups", home.ports["rollups"]),
        ("exports", home.ports["exports"]),
    ]


def test_dagsters_settings_name_the_driver_and_one_build_at_a_time(home: Home) -> None:
    write_dagster_files(home)
    instance = yaml.safe_load((home.dagster / "dagster.yaml").read_text())
    assert instance["storage"]["postgres"]["postgres_db"]["scheme"] == "postgresql+psycopg2"
    limits = instance["run_coordinator"]["config"]["tag_concurrency_limits"]
    assert {"key": "preorders/build", "limit": 1} in limits


def test_a_home_that_never_was_started_says_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="preorders up"):
        settings(open_home(tmp_path / "nowhere"))


def test_a_home_that_supervisord_would_misread_is_refused() -> None:
    with pytest.raises(StackError, match="choose another"):
        open_home(Path("/srv/100%"))


def test_of_a_temporary_home_nothing_is_left_also_after_a_failure() -> None:
    with contextlib.suppress(StackError), temporary_home() as home:
        home.create()
        databases = prepare_database_folder(home)  # as root, outside of the home
        assert databases.exists()
        raise StackError("what a failed start says")
    assert not home.path.parent.exists()
    assert not databases.exists()
