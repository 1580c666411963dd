"""What somebody writes against the client that openapi-python-client makes."""

import io
import json
import sys

import httpx

from ksmd_client import Client
from ksmd_client.api.guests import create_guest, map_
from ksmd_client.api.ksm import scan
from ksmd_client.api.memory import load, store
from ksmd_client.api.report import report
from ksmd_client.models import FullScanEvent, RegionRequest, ScanRequest
from ksmd_client.types import File

_, socket_path, over_tcp = sys.argv
unix = httpx.Client(base_url="http://localhost", transport=httpx.HTTPTransport(uds=socket_path))
ksmd = Client(base_url="http://localhost").set_httpx_client(unix)
looking = Client(base_url=over_tcp)

for guest in ("alice", "bob"):
    create_guest.sync(guest, client=ksmd)
    region = map_.sync(guest, "ram", client=ksmd, body=RegionRequest(pages=2))
    address = str(region.address)
    page = File(payload=io.BytesIO(bytes([7]) * 4096))
    stored = store.sync(guest, client=ksmd, body=page, address=address)
    read = load.sync(guest, client=ksmd, address=address, length="2")
    print(guest, stored.bytes_stored, *read.payload.read())

with looking.get_httpx_client().stream("GET", "/v1/events") as events:
    scan.sync(client=ksmd, body=ScanRequest(pages=100))
    scanned = scan.sync(client=ksmd, body=ScanRequest(pages=100))
    print("pages_sharing", scanned.counters["pages_sharing"])
    name = ""
    for line in events.iter_lines():
        key, _, value = line.partition(": ")
        if key == "event":
            name = value
        if key == "data" and name == "full_scan":
            told = FullScanEvent.from_dict(json.loads(value))
            if told.full_scans == 2:
                print("full_scan", told.full_scans, told.pages_sharing)
                break

print("over TCP", *(guest.name for guest in report.sync(client=looking).guests))
print(scan.sync(client=looking, body=ScanRequest(pages=1)).error.code)
