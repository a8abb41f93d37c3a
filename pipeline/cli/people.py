"""Commands for people, districts and tokens. They act on the server itself: nobody signs in to give them."""

import json
import secrets
import sys
from datetime import timedelta
from typing import Annotated, Any

import typer

from pipeline.cli.options import AsJson, Config
from pipeline.cli.storing import open_store
from pipeline.domain.people import Role
from pipeline.errors import InvalidInputError

Name = Annotated[str, typer.Argument(help="The name that the person signs in with.")]
Roles = Annotated[list[Role] | None, typer.Option("--role", help="May be given several times.")]
Districts = Annotated[
    list[str] | None, typer.Option("--district", help="A district's name; may be given several times.")
]
Stdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
Random = Annotated[bool, typer.Option("--random-password", help="Make a password and print it, this once.")]


def add_user(
    name: Name,
    role: Roles = None,
    district: Districts = None,
    password_stdin: Stdin = False,
    random_password: Random = False,
    config: Config = None,
) -> None:
    """Add a person. The first administrator is added with this command, too."""
    from pipeline.store.districts import districts_named
    from pipeline.store.passwords import Passwords
    from pipeline.store.people import NewPerson, add_person

    with open_store(config) as store:
        password = _password(from_stdin=password_stdin, random=random_password)
        hashed = Passwords.of_cost().hash(password)
        with store.database.transaction() as connection:
            districts = districts_named(connection, district or [])
            new = NewPerson(name=name, password_hash=hashed, roles=frozenset(role or []), districts=districts)
            add_person(connection, new, by=None, now=store.now)
    typer.echo(f"added {name}" + (f", password: {password}" if random_password else ""))


def list_users(config: Config = None, as_json: AsJson = False) -> None:
    """List people with their roles and districts."""
    from pipeline.store.districts import list_districts
    from pipeline.store.people import list_people

    with open_store(config) as store, store.database.snapshot() as connection:
        names = {district.id: district.name for district in list_districts(connection)}
        people: list[dict[str, Any]] = [
            {
                "name": person.name,
                "roles": sorted(person.roles),
                "districts": sorted(names[district] for district in person.districts),
                "locked": person.locked,
            }
            for person in list_people(connection)
        ]
    if as_json:
        typer.echo(json.dumps(people, ensure_ascii=False))
        return
    for person in people:
        roles, districts = ", ".join(person["roles"]) or "no role", ", ".join(person["districts"]) or "no district"
        typer.echo(f"{person['name']}: {roles}; {districts}{'; locked' if person['locked'] else ''}")


def change_password(
    name: Name, password_stdin: Stdin = False, random_password: Random = False, config: Config = None
) -> None:
    """Give a person a new password, and sign them out everywhere."""
    from pipeline.store.passwords import Passwords
    from pipeline.store.people import person_named, set_password
    from pipeline.store.sessions import end_all
    from pipeline.store.signing_in import forgive

    with open_store(config) as store:
        password = _password(from_stdin=password_stdin, random=random_password)
        hashed = Passwords.of_cost().hash(password)
        with store.database.transaction() as connection:
            person = person_named(connection, name)
            set_password(connection, person.id, hashed, by=None, now=store.now)
            end_all(connection, person.id, now=store.now)
            forgive(connection, name)
    typer.echo(f"changed the password of {name}" + (f" to {password}" if random_password else ""))


def lock_user(
    name: Name, why: Annotated[str, typer.Option(help="The reason, kept in the ledger.")], config: Config = None
) -> None:
    """Keep a person out until they are unlocked, and sign them out everywhere."""
    from pipeline.store.people import lock_person, person_named
    from pipeline.store.sessions import end_all

    with open_store(config) as store, store.database.transaction() as connection:
        person = person_named(connection, name)
        lock_person(connection, person.id, why=why, by=None, now=store.now)
        end_all(connection, person.id, now=store.now)
    typer.echo(f"locked {name}")


def unlock_user(name: Name, config: Config = None) -> None:
    """Let a person in again who was locked, or who mistook the password too often."""
    from pipeline.store.people import person_named, unlock_person
    from pipeline.store.signing_in import forgive

    with open_store(config) as store, store.database.transaction() as connection:
        unlock_person(connection, person_named(connection, name).id, by=None, now=store.now)
        forgive(connection, name)
    typer.echo(f"unlocked {name}")


def change_roles(name: Name, role: Roles = None, district: Districts = None, config: Config = None) -> None:
    """Replace roles, districts or both of a person; what is not named stays."""
    from pipeline.store.districts import districts_named
    from pipeline.store.people import give_access, person_named

    with open_store(config) as store, store.database.transaction() as connection:
        person = person_named(connection, name)
        roles = person.roles if role is None else frozenset(role)
        districts = person.districts if district is None else districts_named(connection, district)
        give_access(connection, person, roles=roles, districts=districts, by=None, now=store.now)
    typer.echo(f"{name}: {', '.join(sorted(roles)) or 'no role'}")


def add_district(name: Annotated[str, typer.Argument(help="The district's name.")], config: Config = None) -> None:
    """Add a district, the unit by which access is given."""
    from pipeline.store.districts import add_district as add

    with open_store(config) as store, store.database.transaction() as connection:
        added = add(connection, name, by=None, now=store.now)
    typer.echo(f"added {added.name}")


def list_districts(config: Config = None) -> None:
    """List districts."""
    from pipeline.store.districts import list_districts as listed

    with open_store(config) as store, store.database.snapshot() as connection:
        for district in listed(connection):
            typer.echo(district.name)


def add_token(
    name: Name,
    purpose: Annotated[str, typer.Option("--for", help="Which script will have it.")],
    scope: Annotated[list[str], typer.Option(help="flights:read or flights:upload; may be given several times.")],
    days: Annotated[int, typer.Option(help="How long it will be good for, at most 366 days.")] = 90,
    config: Config = None,
) -> None:
    """Make an API token for a script that works for a person. It is printed this once."""
    from pipeline.store.people import person_named
    from pipeline.store.tokens import NewToken, Scope
    from pipeline.store.tokens import add_token as add

    unknown = set(scope) - {known.value for known in Scope}
    if unknown:
        raise InvalidInputError(f"the scope {unknown.pop()} is not known, use {', '.join(Scope)}")
    with open_store(config) as store, store.database.transaction() as connection:
        person = person_named(connection, name).id
        scopes = frozenset(Scope(one) for one in scope)
        new = NewToken(name=purpose, person=person, scopes=scopes, lasts=timedelta(days=days))
        sent, token = add(connection, new, by=None, now=store.now)
    typer.echo(f"token {token.id}: {sent}")


def revoke_token(token: Annotated[str, typer.Argument(help="The token's id.")], config: Config = None) -> None:
    """End an API token."""
    from pipeline.store.tokens import revoke_token as revoke

    with open_store(config) as store, store.database.transaction() as connection:
        revoke(connection, token, by=None, now=store.now)
    typer.echo(f"revoked {token}")


def _password(*, from_stdin: bool, random: bool) -> str:
    """A password that was made, piped in, or typed twice."""
    if random:
        return secrets.token_urlsafe(15)
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise InvalidInputError("there is no terminal to ask for a password: use --password-stdin or --random-password")
    return str(typer.prompt("password", hide_input=True, confirmation_prompt=True))
