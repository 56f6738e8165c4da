"""What the world looks like to boto3."""

from datetime import date, timedelta

from front.clock import ago, now
from front.selftest.base import RENDER, SHOP, Case
from front.world.services import SERVICES


class Ecs(Case):
    def describe(self, name: str) -> dict:
        ecs = self.client("ecs")
        return ecs.describe_services(cluster="shop-cluster", services=[name])["services"][0]

    def test_a_stuck_deployment_has_failed_tasks_and_the_old_revision_beside_it(self) -> None:
        service = self.describe("shop-checkout")
        self.assertEqual(
            (service["desiredCount"], service["runningCount"], service["pendingCount"]), (3, 2, 1)
        )
        new, old = service["deployments"]
        self.assertEqual(
            (new["rolloutState"], new["failedTasks"], new["status"]), ("IN_PROGRESS", 9, "PRIMARY")
        )
        self.assertEqual(old["runningCount"], 2)
        self.assertFalse(service["deploymentConfiguration"]["deploymentCircuitBreaker"]["enable"])
        self.assertGreater(service["events"][0]["createdAt"], service["events"][-1]["createdAt"])

    def test_a_steady_service_runs_what_it_wants(self) -> None:
        service = self.describe("shop-catalog")
        self.assertEqual(service["runningCount"], 3)
        self.assertEqual(len(service["deployments"]), 1)
        self.assertEqual(service["deployments"][0]["rolloutState"], "COMPLETED")
        self.assertTrue(service["taskDefinition"].startswith("arn:"))

    def test_tasks_are_of_the_service_asked_for(self) -> None:
        ecs = self.client("ecs")
        arns = ecs.list_tasks(cluster="shop-cluster", serviceName="shop-checkout")["taskArns"]
        self.assertEqual(len(arns), 2)
        stopped = ecs.list_tasks(cluster="shop-cluster", serviceName="shop-checkout", desiredStatus="STOPPED")
        described = ecs.describe_tasks(cluster="shop-cluster", tasks=[*arns, *stopped["taskArns"], "nothing"])
        self.assertEqual(len(described["tasks"]), 5)
        self.assertEqual(described["failures"][0]["reason"], "MISSING")
        running, failed = described["tasks"][0], described["tasks"][-1]
        self.assertTrue(running["taskDefinitionArn"].endswith("shop-checkout:3"))
        self.assertTrue(failed["taskDefinitionArn"].endswith("shop-checkout:4"))
        self.assertIn("CannotPullContainerError", failed["stoppedReason"])

    def test_a_stopped_task_stays_stopped(self) -> None:
        ecs = self.client("ecs", RENDER)
        task = ecs.list_tasks(cluster="render-cluster", serviceName="render-api")["taskArns"][0]
        ecs.stop_task(cluster="render-cluster", task=task, reason="because")
        self.assertNotIn(task, ecs.list_tasks(cluster="render-cluster")["taskArns"])
        again = ecs.describe_tasks(cluster="render-cluster", tasks=[task])["tasks"][0]
        self.assertEqual((again["lastStatus"], again["stoppedReason"]), ("STOPPED", "because"))

    def test_the_history_tells_the_last_good_revision(self) -> None:
        ecs = self.client("ecs")
        listed = ecs.list_service_deployments(cluster="shop-cluster", service="shop-search")[
            "serviceDeployments"
        ]
        self.assertEqual([one["status"] for one in listed], ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"])
        described = ecs.describe_service_deployments(
            serviceDeploymentArns=[one["serviceDeploymentArn"] for one in listed]
        )["serviceDeployments"]
        targets = [one["targetServiceRevision"]["arn"] for one in described]
        self.assertEqual(described[0]["rollback"]["serviceRevisionArn"], targets[1])
        revisions = ecs.describe_service_revisions(serviceRevisionArns=targets)["serviceRevisions"]
        self.assertTrue(revisions[1]["taskDefinition"].endswith("shop-search:2"))
        self.assertTrue(revisions[1]["containerImages"][0]["imageDigest"].startswith("sha256:"))
        steady = ecs.list_service_deployments(cluster="shop-cluster", service="shop-cart")[
            "serviceDeployments"
        ]
        self.assertEqual([one["status"] for one in steady], ["SUCCESSFUL"])

    def test_a_task_definition_says_who_registered_it(self) -> None:
        found = self.client("ecs").describe_task_definition(taskDefinition="shop-checkout:4")[
            "taskDefinition"
        ]
        self.assertIn("build-44", found["registeredBy"])
        self.assertLess(found["registeredAt"], now())


class Compute(Case):
    def test_groups_with_schedules_activities_and_spot(self) -> None:
        autoscaling = self.client("autoscaling", RENDER)
        groups = {
            g["AutoScalingGroupName"]: g
            for g in autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
        }
        self.assertEqual(len(groups["render-gpu"]["Instances"]), 2)
        self.assertEqual(groups["render-gpu"]["SuspendedProcesses"][0]["ProcessName"], "AZRebalance")
        actions = autoscaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"]
        zones = {one["ScheduledActionName"]: one.get("TimeZone") for one in actions}
        self.assertEqual(zones, {"night-down": "Asia/Seoul", "morning-up": None})
        activities = autoscaling.describe_scaling_activities(AutoScalingGroupName="render-spot")["Activities"]
        self.assertEqual([one["StatusCode"] for one in activities], ["Failed", "Successful"])
        self.assertIn("InsufficientInstanceCapacity", activities[0]["StatusMessage"])
        spot = groups["render-spot"]["Instances"][0]["InstanceId"]
        found = self.client("ec2", RENDER).describe_instances(InstanceIds=[spot])["Reservations"][0][
            "Instances"
        ][0]
        self.assertEqual(found["InstanceLifecycle"], "spot")

    def test_capacity_outside_the_bounds_is_refused(self) -> None:
        autoscaling = self.client("autoscaling", RENDER)
        with self.refused("ValidationError"):
            autoscaling.update_auto_scaling_group(AutoScalingGroupName="render-gpu", MinSize=9)

    def test_gpus_of_instance_types_and_spot_prices(self) -> None:
        ec2 = self.client("ec2", RENDER)
        types = ec2.describe_instance_types(InstanceTypes=["g5.12xlarge", "t3.micro"])["InstanceTypes"]
        counts = {
            t["InstanceType"]: [g["Count"] for g in t.get("GpuInfo", {}).get("Gpus", [])] for t in types
        }
        self.assertEqual(counts, {"g5.12xlarge": [4], "t3.micro": []})
        prices = ec2.describe_spot_price_history(InstanceTypes=["g5.xlarge"])["SpotPriceHistory"]
        self.assertEqual({one["AvailabilityZone"] for one in prices}, {"us-east-1a", "us-east-1b"})
        self.assertGreater(float(prices[0]["SpotPrice"]), 0.1)


class Stores(Case):
    def test_databases(self) -> None:
        rds = self.client("rds")
        found = {one["DBInstanceIdentifier"]: one for one in rds.describe_db_instances()["DBInstances"]}
        self.assertEqual(sorted(found), ["shop-aurora-1", "shop-aurora-2", "shop-db"])
        self.assertTrue(found["shop-db"]["MultiAZ"])
        cluster = rds.describe_db_clusters()["DBClusters"][0]
        self.assertEqual(len(cluster["DBClusterMembers"]), 2)
        snapshots = [one["DBSnapshotIdentifier"] for one in rds.describe_db_snapshots()["DBSnapshots"]]
        self.assertIn("shop-db-before-migration", snapshots)
        self.assertEqual(
            len(rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]), 1
        )
        waiting = rds.describe_pending_maintenance_actions()["PendingMaintenanceActions"]
        self.assertEqual(waiting[0]["PendingMaintenanceActionDetails"][0]["Action"], "system-update")
        parameters = rds.describe_db_parameters(DBParameterGroupName="shop-postgres")["Parameters"]
        self.assertEqual(parameters[0]["ParameterValue"], "400")

    def test_events_are_those_of_the_window(self) -> None:
        rds = self.client("rds")
        self.assertEqual(len(rds.describe_events(Duration=60)["Events"]), 2)
        events = rds.describe_events(Duration=24 * 60)["Events"]
        self.assertEqual(len(events), 3)
        newest = max(one["Date"] for one in events)
        recent = rds.describe_events(StartTime=newest - timedelta(seconds=30), EndTime=now())["Events"]
        self.assertEqual([one["Message"] for one in recent], ["Multi-AZ instance failover completed"])

    def test_caches_of_three_forms(self) -> None:
        elasticache = self.client("elasticache")
        groups = {
            g["ReplicationGroupId"]: g for g in elasticache.describe_replication_groups()["ReplicationGroups"]
        }
        self.assertEqual(
            [len(shard["NodeGroupMembers"]) for shard in groups["shop-sessions"]["NodeGroups"]], [2, 2]
        )
        members = elasticache.describe_cache_clusters(ShowCacheNodeInfo=True)["CacheClusters"]
        self.assertEqual(len(members), 6)
        self.assertTrue(all(len(one["CacheNodes"]) == 1 for one in members))
        self.assertEqual({one["ReplicationGroupId"] for one in members}, {"shop-sessions", "shop-views"})
        alone = self.client("elasticache", RENDER).describe_cache_clusters()["CacheClusters"]
        self.assertEqual([one["CacheClusterId"] for one in alone], ["render-cache"])
        serverless = elasticache.describe_serverless_caches()["ServerlessCaches"]
        self.assertEqual(serverless[0]["ServerlessCacheName"], "shop-flags")
        self.assertEqual(len(elasticache.describe_events(Duration=120)["Events"]), 1)


class Network(Case):
    def test_a_target_is_unhealthy_for_a_reason(self) -> None:
        elb = self.client("elbv2", RENDER)
        group = elb.describe_target_groups(Names=["render-api-tg"])["TargetGroups"][0]
        health = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])[
            "TargetHealthDescriptions"
        ]
        states = sorted(one["TargetHealth"]["State"] for one in health)
        self.assertEqual(states, ["healthy", "unhealthy"])
        self.assertEqual(len(group["LoadBalancerArns"]), 1)

    def test_queues_have_messages_and_dead_letters(self) -> None:
        sqs = self.client("sqs", RENDER)
        names = {url.rsplit("/", 1)[-1]: url for url in sqs.list_queues()["QueueUrls"]}
        depth = {
            name: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"][
                "ApproximateNumberOfMessages"
            ]
            for name, url in names.items()
        }
        self.assertEqual(depth, {"render-jobs": "43", "render-jobs-dlq": "3"})


class Telemetry(Case):
    def test_composite_alarms_come_only_when_asked_for(self) -> None:
        cloudwatch = self.client("cloudwatch")
        self.assertNotIn("shop-down", str(cloudwatch.describe_alarms()))
        both = cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        self.assertEqual([one["AlarmName"] for one in both["CompositeAlarms"]], ["shop-down"])
        metric = {one["AlarmName"]: one for one in both["MetricAlarms"]}
        self.assertEqual(metric["shop-alb-5xx"]["StateValue"], "ALARM")
        self.assertEqual(metric["shop-db-storage"]["AlarmActions"], [])
        self.assertLess(metric["shop-alb-5xx"]["StateTransitionedTimestamp"], now())

    def test_a_state_change_is_in_the_history(self) -> None:
        cloudwatch = self.client("cloudwatch", RENDER)
        started = now()
        cloudwatch.set_alarm_state(AlarmName="render-gpu-idle", StateValue="OK", StateReason="test")
        items = cloudwatch.describe_alarm_history(
            AlarmName="render-gpu-idle", StartDate=started - timedelta(seconds=1)
        )["AlarmHistoryItems"]
        self.assertEqual(
            [one["HistorySummary"] for one in items], ["Alarm updated from INSUFFICIENT_DATA to OK"]
        )
        all_items = cloudwatch.describe_alarm_history()["AlarmHistoryItems"]
        self.assertEqual([one["AlarmName"] for one in all_items], ["render-gpu-idle", "render-jobs-age"])

    def test_logs_are_in_one_time_order_and_pages_join(self) -> None:
        logs = self.client("logs")
        whole = logs.filter_log_events(logGroupName="/ecs/shop-checkout")["events"]
        times = [one["timestamp"] for one in whole]
        self.assertEqual(times, sorted(times))
        self.assertEqual(len({one["logStreamName"] for one in whole[:4]}), 2)
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName="/ecs/shop-checkout", PaginationConfig={"PageSize": 7}
        )
        joined = [one["eventId"] for page in pages for one in page["events"]]
        self.assertEqual(joined, [one["eventId"] for one in whole])
        part = logs.filter_log_events(logGroupName="/ecs/shop-checkout", startTime=times[3], endTime=times[5])
        self.assertEqual(len(part["events"]), 3)

    def test_filter_patterns(self) -> None:
        logs = self.client("logs")

        def found(pattern: str) -> set[str]:
            events = logs.filter_log_events(logGroupName="/ecs/shop-checkout", filterPattern=pattern)[
                "events"
            ]
            return {one["message"][:5] for one in events}

        self.assertEqual(found("재고"), {"WARN "})
        self.assertEqual(found('"timed out"'), {"ERROR"})
        self.assertEqual(found("?WARN ?ERROR"), {"WARN ", "ERROR"})
        self.assertNotIn("INFO ", found("-INFO"))
        self.assertEqual(found("{ $.latency_ms > 1000 }"), {'{"lev'})
        self.assertEqual(found('{ $.user.id = 42 && $.level = "info" }'), {'{"lev'})
        self.assertEqual(found("{ $.latency_ms > 9999 }"), set())
        with self.refused("InvalidParameterException"):
            found("{ nonsense }")


class Money(Case):
    def test_days_by_service_without_credits(self) -> None:
        today = date.today()
        ce = self.client("ce", "us-east-1")
        result = ce.get_cost_and_usage(
            TimePeriod={"Start": str(today - timedelta(days=5)), "End": str(today + timedelta(days=1))},
            Granularity="DAILY",
            Metrics=["UnblendedCost"],
            GroupBy=[{"Type": "DIMENSION", "Key": "SERVICE"}],
            Filter={"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund"]}}},
        )["ResultsByTime"]
        self.assertEqual(len(result), 6)
        self.assertEqual([day["Estimated"] for day in result], [False, False, False, False, True, True])
        self.assertEqual(result[0]["Total"], {})
        first = {
            one["Keys"][0]: float(one["Metrics"]["UnblendedCost"]["Amount"]) for one in result[0]["Groups"]
        }
        self.assertEqual(first["Amazon Elastic Compute Cloud - Compute"], 61.40)
        self.assertNotIn("AWS Lambda", first)
        self.assertIn("AWS Lambda", [one["Keys"][0] for one in result[2]["Groups"]])

    def test_an_empty_period_is_an_error(self) -> None:
        today = str(date.today())
        with self.refused("ValidationException"):
            self.client("ce", "us-east-1").get_cost_and_usage(
                TimePeriod={"Start": today, "End": today}, Granularity="DAILY", Metrics=["UnblendedCost"]
            )

    def test_forecast_anomalies_budgets_and_trail(self) -> None:
        today = date.today()
        ce = self.client("ce", "us-east-1")
        period = {"Start": str(today), "End": str(today + timedelta(days=10))}
        forecast = ce.get_cost_forecast(TimePeriod=period, Metric="UNBLENDED_COST", Granularity="MONTHLY")
        self.assertGreater(float(forecast["Total"]["Amount"]), 900)
        with self.refused("ValidationException"):
            ce.get_cost_forecast(TimePeriod=period, Metric="UnblendedCost", Granularity="MONTHLY")
        anomalies = ce.get_anomalies(DateInterval={"StartDate": str(today - timedelta(days=30))})["Anomalies"]
        self.assertEqual(anomalies[0]["Impact"]["TotalImpact"], 76.0)
        budgets = self.client("budgets", "us-east-1").describe_budgets(AccountId="123456789012")["Budgets"]
        self.assertEqual(float(budgets[0]["CalculatedSpend"]["ActualSpend"]["Amount"]), 1961.5)
        events = self.client("cloudtrail").lookup_events(
            LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": "shop-db"}]
        )["Events"]
        self.assertEqual([one["EventName"] for one in events], ["ModifyDBInstance"])


class Inventory(Case):
    def test_it_counts_everything(self) -> None:
        found = self.control("GET", "inventory")
        self.assertEqual(found[SHOP]["ecs-service"], sorted(SERVICES[SHOP]))
        self.assertEqual(found[RENDER]["redis"], ["render-cache"])
        self.assertEqual(found[SHOP]["redis"], ["shop-flags", "shop-sessions", "shop-views"])
        for region, kinds in found.items():
            for kind, names in kinds.items():
                if (region, kind) != (RENDER, "rds-cluster"):
                    self.assertTrue(names, f"no {kind} in {region}")
        self.assertEqual(self.control("GET", "calls"), [])


class Rest(Case):
    """Services whose operations are paths."""

    def test_answers_of_ours_reach_them(self) -> None:
        eks = self.client("eks", RENDER)
        self.assertEqual(eks.list_addons(clusterName="render-kube")["addons"], [])
        self.assertEqual(eks.list_insights(clusterName="render-kube")["insights"], [])

    def test_lists_of_theirs_are_cut_into_pages(self) -> None:
        self.control("PUT", "settings", {"page_cap": 2})
        eks = self.client("eks", RENDER)
        first = eks.list_clusters()
        self.assertEqual(len(first["clusters"]), 2)
        rest = eks.list_clusters(nextToken=first["nextToken"])
        self.assertEqual(first["clusters"] + rest["clusters"], ["render-kube", "render-kube-next", "render-test"])
        self.assertNotIn("nextToken", rest)
        functions = self.client("lambda")
        self.assertIn("NextMarker", functions.list_functions())

    def test_calls_are_logged_and_broken_by_their_names(self) -> None:
        self.control("PUT", "rules", [{"service": "eks", "operation": "ListNodegroups", "fault": "denied"}])
        eks = self.client("eks", RENDER)
        with self.refused("AccessDeniedException"):
            eks.list_nodegroups(clusterName="render-kube")
        self.assertEqual(self.control("GET", "calls")[-1]["operation"], "ListNodegroups")
        eks.describe_nodegroup(clusterName="render-kube", nodegroupName="gpu")
        self.assertEqual(self.control("GET", "calls")[-1]["operation"], "DescribeNodegroup")

    def test_buckets_say_what_moto_does_not(self) -> None:
        s3 = self.client("s3", RENDER)
        self.assertNotIn("Status", s3.get_bucket_versioning(Bucket="render-models"))
        with self.refused("NoSuchBucketPolicy"):
            s3.get_bucket_policy_status(Bucket="render-models")

    def test_a_pipeline_is_where_its_stages_are(self) -> None:
        state = self.client("codepipeline").get_pipeline_state(name="shop-web")
        self.assertEqual([stage["stageName"] for stage in state["stageStates"]], ["Source", "Production"])
