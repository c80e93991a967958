"""Signs the official Python connector in to the local warehouse, in each way that it has and that needs no person.

usage: python_login.py PORT CA_FILE ISSUER_KEY      with LOGIN_SECRET set

Prints one line for each way: its name, and `ok` or what went wrong. The warehouse is reached under `localhost`: nothing of
the connector but the browser login looks at the name.
"""

import datetime
import os
import sys

import jwt
from databricks import sql
from databricks.sdk.core import Config, oauth_service_principal

PORT, CA_FILE, ISSUER_KEY = sys.argv[1:]
HOST = f"localhost:{PORT}"
PATH = "/sql/1.0/warehouses/local"


def machine():
    """The documented way: the SDK's credentials for a service principal. It finds the endpoints and asks for the token."""
    config = Config(host=f"https://{HOST}", client_id="interop", client_secret=os.environ["LOGIN_SECRET"])
    return oauth_service_principal(config)


def foreign_token():
    """A token of another issuer. The connector sees that, and exchanges it."""
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=10)
    claims = {"iss": "https://issuer.example", "sub": "worker", "exp": until}
    with open(ISSUER_KEY, encoding="utf-8") as key:
        token = jwt.encode(claims, key.read(), algorithm="RS256")
    return lambda: {"Authorization": f"Bearer {token}"}


def as_provider(headers):
    """The connector calls what it is given for a function that makes headers."""
    return lambda: headers


def query(**credentials):
    # The host with its port is where tokens are exchanged; statements go to the address that is given whole.
    with sql.connect(server_hostname=HOST, http_path=PATH, _connection_uri=f"https://{HOST}{PATH}",
                     _tls_trusted_ca_file=CA_FILE, enable_telemetry=False, _retry_stop_after_attempts_count=1,
                     _socket_timeout=60, **credentials) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 42")
            return cursor.fetchall()[0][0]


WAYS = {
    "service principal": lambda: query(credentials_provider=machine),
    "token of another issuer": lambda: query(credentials_provider=as_provider(foreign_token())),
    "token of another issuer, as a service principal": lambda: query(
        credentials_provider=as_provider(foreign_token()), identity_federation_client_id="principal"),
}

status = 0
for name, way in WAYS.items():
    try:
        answer = way()
        outcome = "ok" if answer == 42 else f"answered {answer}"
    except Exception as error:  # whatever it is, it is the connector's answer to this way
        outcome = f"{type(error).__name__}: {error}"
    status |= outcome != "ok"
    print(f"{name}: {outcome}", flush=True)
sys.exit(status)
