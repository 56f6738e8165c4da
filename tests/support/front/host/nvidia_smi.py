"""nvidia-smi of driver 515, as far as monitoring asks it: two queries in CSV, and the list of cards.

It runs as a program of its own; what it is to print comes in $FRONT_HOST, from front.host.shell.
"""

import json
import os
import sys

NO_DRIVER = (
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. "
    "Make sure that the latest NVIDIA driver is installed and running."
)

# By the start of a field's name.
UNITS = {
    "clocks.": "MHz",
    "enforced.power.limit": "W",
    "fan.speed": "%",
    "memory.": "MiB",
    "power.": "W",
    "used_": "MiB",
    "utilization.": "%",
}

CARD_ALIASES = {
    "clocks.current.graphics": "clocks.gr",
    "clocks.current.memory": "clocks.mem",
    "clocks.current.sm": "clocks.sm",
    "gpu_name": "name",
    "gpu_uuid": "uuid",
}

APP_FIELDS = (
    "gpu_name",
    "gpu_bus_id",
    "gpu_uuid",
    "pid",
    "process_name",
    "name",
    "used_gpu_memory",
    "used_memory",
)


def main(arguments: list[str]) -> int:
    host = json.loads(os.environ["FRONT_HOST"])
    if host["driver_fails"]:
        print(NO_DRIVER)
        return 9
    options = dict(argument.partition("=")[::2] for argument in arguments)
    how = options.get("--format", "").split(",")
    if "--query-gpu" in options:
        rows = [
            card["fields"] | {new: card["fields"][old] for new, old in CARD_ALIASES.items()}
            for card in host["cards"]
        ]
        return query(options["--query-gpu"], list(rows[0]), rows, how)
    if "--query-compute-apps" in options:
        return query(options["--query-compute-apps"], APP_FIELDS, apps(host), how)
    if "-L" in arguments or "--list-gpus" in arguments:
        for card in host["cards"]:
            fields = card["fields"]
            print(f"GPU {fields['index']}: {fields['name']} (UUID: {fields['uuid']})")
        return 0
    print(f"Invalid combination of input arguments: {' '.join(arguments)}")
    return 2


def apps(host: dict) -> list[dict]:
    rows = []
    for card in host["cards"]:
        fields = card["fields"]
        for pid, memory, name in card["processes"]:
            values = (
                fields["name"],
                fields["pci.bus_id"],
                fields["uuid"],
                str(pid),
                name,
                name,
                str(memory),
                str(memory),
            )
            rows.append(dict(zip(APP_FIELDS, values, strict=True)))
    return rows


def query(names: str, known: list[str] | tuple[str, ...], rows: list[dict], how: list[str]) -> int:
    fields = [name.strip() for name in names.split(",")]
    for field in fields:
        if field not in known:
            print(f'Field "{field}" is not a valid field to query.')
            return 2
    bare = "nounits" in how
    if "noheader" not in how:
        print(", ".join(field if bare or not unit(field) else f"{field} [{unit(field)}]" for field in fields))
    for row in rows:
        print(", ".join(row[field] if bare else measured(row[field], field) for field in fields))
    return 0


def unit(field: str) -> str | None:
    return next((unit for start, unit in UNITS.items() if field.startswith(start)), None)


def measured(text: str, field: str) -> str:
    number = text.replace(".", "", 1).isdigit()
    return f"{text} {unit(field)}" if number and unit(field) else text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
