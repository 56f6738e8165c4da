"""Commands on hosts of every sort."""

import time
from typing import Any

from front.selftest.base import RENDER, Case, front

FIELDS = "index,uuid,name,utilization.gpu,memory.used,power.draw"
SCRIPT = (
    "PATH=$PATH:/usr/bin; command -v nvidia-smi >/dev/null || { echo NOSMI; exit 0; }; "
    f"nvidia-smi --query-gpu={FIELDS} --format=csv,noheader,nounits; echo RC=$?; "
    "nvidia-smi --query-compute-apps=gpu_uuid,pid,used_gpu_memory,process_name --format=csv,noheader,nounits"
)


class Commands(Case):
    def setUp(self) -> None:
        super().setUp()
        self.ssm = self.client("ssm", RENDER)
        hosts = front().memory.regions[RENDER].hosts
        self.hosts = {kind: name for name, kind in hosts.items()}

    def run_on(self, *kinds: str, script: str = SCRIPT, **rest: Any) -> dict[str, dict]:
        parameters = {"commands": [script], "executionTimeout": ["10"]}
        command = self.ssm.send_command(
            InstanceIds=[self.hosts[kind] for kind in kinds],
            DocumentName="AWS-RunShellScript",
            Parameters=parameters | rest.pop("Parameters", {}),
            **({"MaxErrors": "100%", "TimeoutSeconds": 30} | rest),
        )["Command"]["CommandId"]
        names = {name: kind for kind, name in self.hosts.items()}
        return {names[one["InstanceId"]]: one for one in self.finished(command)}

    def finished(self, command: str) -> list[dict]:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            found = self.ssm.list_command_invocations(CommandId=command, Details=True)["CommandInvocations"]
            if all(one["Status"] not in ("Pending", "InProgress") for one in found):
                return found
        raise AssertionError(f"still running: {found}")

    def output(self, invocation: dict) -> str:
        return invocation["CommandPlugins"][0]["Output"]

    def test_hosts_that_never_registered_are_not_listed(self) -> None:
        found = self.ssm.describe_instance_information(MaxResults=50)["InstanceInformationList"]
        ping = {one["InstanceId"]: one["PingStatus"] for one in found}
        self.assertNotIn(self.hosts["unmanaged"], ping)
        self.assertEqual(ping[self.hosts["offline"]], "ConnectionLost")
        wanted = [{"Key": "InstanceIds", "Values": [self.hosts["a10g-idle"]]}]
        self.assertEqual(
            len(self.ssm.describe_instance_information(Filters=wanted)["InstanceInformationList"]), 1
        )

    def test_cards_answer_from_recordings(self) -> None:
        found = self.run_on("t4-light", "a10g-idle", "a10g-busy", "no-smi", "driver-error", "card-lost")
        t4 = self.output(found["t4-light"]).splitlines()
        self.assertRegex(t4[0], r"^0, GPU-[0-9a-f-]{36}, Tesla T4, 0, 1032, 26\.78$")
        self.assertEqual(t4[1], "RC=0")
        self.assertRegex(t4[2], r"^GPU-[0-9a-f-]{36}, 5762, 1005, python$")
        self.assertIn("NVIDIA A10G, 97, 18840, 271.33", self.output(found["a10g-busy"]))
        self.assertEqual(self.output(found["no-smi"]), "NOSMI\n")
        self.assertIn("couldn't communicate with the NVIDIA driver", self.output(found["driver-error"]))
        self.assertIn("RC=9", self.output(found["driver-error"]))
        self.assertEqual(self.output(found["card-lost"]).count("NVIDIA A10G"), 3)
        uuids = {
            line.split(", ")[1]
            for one in found.values()
            for line in self.output(one).splitlines()
            if "A10G" in line
        }
        self.assertEqual(len(uuids), 5)

    def test_a_field_newer_than_the_driver_fails_the_query(self) -> None:
        script = "nvidia-smi --query-gpu=index,power.draw.instant --format=csv,noheader"
        failed = self.run_on("a10g-idle", script=script)["a10g-idle"]
        self.assertEqual((failed["Status"], failed["CommandPlugins"][0]["ResponseCode"]), ("Failed", 2))
        self.assertIn('Field "power.draw.instant" is not a valid field to query.', self.output(failed))

    def test_units_and_headers_unless_left_out(self) -> None:
        script = "nvidia-smi --query-gpu=name,memory.used --format=csv"
        found = self.output(self.run_on("a10g-idle", script=script)["a10g-idle"])
        self.assertEqual(found, "name, memory.used [MiB]\nNVIDIA A10G, 22 MiB\n")

    def test_one_bad_host_fails_the_whole_call(self) -> None:
        with self.refused("InvalidInstanceId"):
            self.run_on("a10g-idle", "offline")
        with self.refused("InvalidInstanceId"):
            self.run_on("unmanaged")
        with self.refused("InvalidDocument"):
            self.ssm.send_command(InstanceIds=[self.hosts["a10g-idle"]], DocumentName="Mine")

    def test_output_is_cut_in_the_list_and_whole_alone(self) -> None:
        script = "i=0; while [ $i -lt 400 ]; do echo 0123456789; i=$((i+1)); done"
        cut = self.run_on("a10g-idle", script=script)["a10g-idle"]
        self.assertEqual(len(self.output(cut)), 2500)
        self.assertTrue(self.output(cut).endswith("---Output truncated---"))
        whole = self.ssm.get_command_invocation(CommandId=cut["CommandId"], InstanceId=cut["InstanceId"])
        self.assertEqual(len(whole["StandardOutputContent"]), 4400)
        with self.refused("InvocationDoesNotExist"):
            self.ssm.get_command_invocation(CommandId=cut["CommandId"], InstanceId="i-00000000000000000")

    def test_the_first_error_ends_a_command_that_allows_none(self) -> None:
        found = self.run_on("a10g-idle", "a10g-busy", script="exit 3", MaxErrors="0")
        self.assertIn("Failed", {one["Status"] for one in found.values()})
        self.assertLessEqual({one["Status"] for one in found.values()}, {"Failed", "Cancelled"})

    def test_a_stuck_host_times_out_or_is_cancelled(self) -> None:
        host = self.hosts["a10g-hot"]
        self.control("PUT", "hosts", {"region": RENDER, "hosts": {host: "stuck"}})
        self.addCleanup(self.control, "PUT", "hosts", {"region": RENDER, "hosts": {host: "a10g-hot"}})
        timed_out = self.run_on("a10g-hot", Parameters={"executionTimeout": ["1"]})["a10g-hot"]
        self.assertEqual(
            (timed_out["Status"], timed_out["StatusDetails"]), ("TimedOut", "Execution Timed Out")
        )
        command = self.ssm.send_command(InstanceIds=[host], DocumentName="AWS-RunShellScript")["Command"][
            "CommandId"
        ]
        self.ssm.cancel_command(CommandId=command)
        self.assertEqual(self.finished(command)[0]["Status"], "Cancelled")
        with self.assertRaises(OSError):
            self.control("PUT", "hosts", {"region": RENDER, "hosts": {host: "nonsense"}})
