//! A table for each kind of resource.

mod functions;
mod models;

use jiff::Timestamp;

use super::{health, push, section};
use crate::domain::counted::counted;
use crate::domain::units::{Bytes, HumanDuration};
use crate::headless::amount;
use crate::headless::out::{Detail, Page};
use crate::headless::paint::Tone;
use crate::headless::status::document::{
    Advice, Alarm, Asg, Ec2Instance, EcsService, Gpu, GpuHost, LoadBalancer, LogGroup, NatGateway, Queue,
    RdsCluster, RdsInstance, Redis, Resource, Status, TargetGroup,
};
use crate::headless::table::{Cell, Column, Table};

/// What the tables of a status have in common.
pub(super) struct Sheet<'a> {
    page: &'a Page,
    at: Timestamp,
    several_scopes: bool,
}

/// Tables of every kind that was collected.
pub(super) fn resources(status: &Status, page: &Page) -> String {
    let sheet = Sheet {
        page,
        at: status.at,
        several_scopes: status.scopes.len() > 1,
    };
    let found = &status.resources;
    let mut out = String::new();
    let parts = [
        found.ecs_service.as_ref().map(|all| sheet.services(all)),
        found.asg.as_ref().map(|all| sheet.groups(all)),
        found.ec2_instance.as_ref().map(|all| sheet.instances(all)),
        found.gpu_host.as_ref().map(|all| sheet.hosts(all)),
        found.gpu.as_ref().map(|all| sheet.cards(all)),
        found.rds_instance.as_ref().map(|all| sheet.databases(all)),
        found.rds_cluster.as_ref().map(|all| sheet.clusters(all)),
        found.redis.as_ref().map(|all| sheet.caches(all)),
        found.target_group.as_ref().map(|all| sheet.target_groups(all)),
        found.load_balancer.as_ref().map(|all| sheet.load_balancers(all)),
        found.queue.as_ref().map(|all| sheet.queues(all)),
        found.alarm.as_ref().map(|all| sheet.alarms(all)),
        found.log_group.as_ref().map(|all| sheet.log_groups(all)),
        found.nat_gateway.as_ref().map(|all| sheet.gateways(all)),
        used(found.sagemaker_endpoint.as_ref()).map(|all| sheet.endpoints(all)),
        used(found.training_job.as_ref()).map(|all| sheet.training_jobs(all)),
        used(found.notebook_instance.as_ref()).map(|all| sheet.notebooks(all)),
        found.pipeline.as_ref().map(|all| sheet.pipelines(all)),
        found.codebuild_project.as_ref().map(|all| sheet.projects(all)),
        found.ecr_repository.as_ref().map(|all| sheet.repositories(all)),
        found
            .advice
            .as_ref()
            .filter(|all| !all.is_empty())
            .map(|all| sheet.advice(all)),
        found.lambda.as_ref().map(|all| sheet.functions(all)),
        found.eks_cluster.as_ref().map(|all| sheet.eks_clusters(all)),
        found.nodegroup.as_ref().map(|all| sheet.nodegroups(all)),
        found
            .scalable_target
            .as_ref()
            .map(|all| sheet.scalable_targets(all)),
    ];
    let further = super::edge::resources(&sheet, found);
    for part in parts.into_iter().flatten().chain(further) {
        push(&mut out, &part);
    }
    out
}

/// A family that many estates have nothing of: then it is not mentioned.
fn used<T>(found: Option<&Vec<T>>) -> Option<&Vec<T>> {
    found.filter(|all| !all.is_empty())
}

impl Sheet<'_> {
    /// A table of resources: health and name, the kind's own columns, the scope where there are
    /// several, and why a resource is not well.
    pub(super) fn table<T>(
        &self,
        title: &str,
        all: &[Resource<T>],
        columns: &[Column],
        cells: impl Fn(&Resource<T>) -> Vec<Cell>,
    ) -> String {
        let mut every = vec![Column::fixed(""), Column::words("NAME", 16)];
        every.extend(columns);
        every.push(Column::words("WHY", 12));
        every.push(Column::words("SCOPE", 10).sheds(8));
        every.push(Column::words("ID", 20).sheds(9));
        let mut table = Table::new(every);
        for one in all {
            let mut row = vec![health(one.health), Cell::new(&one.name)];
            row.extend(cells(one));
            row.push(Cell::new(one.reasons.join("; ")).tone(one.health.into()));
            row.push(Cell::new(if self.several_scopes { &one.scope } else { "" }));
            row.push(Cell::new(match self.page.detail {
                Detail::All => one.id.as_str(),
                Detail::Normal => "",
            }));
            table.row(row);
        }
        if all.is_empty() {
            let title = self.page.paint.apply(Tone::Strong, title);
            return format!("{title}: none\n");
        }
        section(&format!("{title}: {}", all.len()), &table, self.page)
    }

    fn services(&self, all: &[Resource<EcsService>]) -> String {
        let columns = [
            Column::words("CLUSTER", 8).sheds(3),
            Column::numbers("TASKS"),
            Column::words("REVISION", 12).sheds(2),
            Column::fixed("ROLLOUT").sheds(1),
        ];
        self.table("ECS services", all, &columns, |one| {
            let facts = &one.facts;
            let pending = match facts.pending {
                0 => String::new(),
                pending => format!("+{pending}"),
            };
            vec![
                Cell::new(&facts.cluster),
                Cell::new(format!("{}{pending}/{}", facts.running, facts.desired)),
                Cell::new(&facts.task_definition),
                Cell::of(facts.rollout),
            ]
        })
    }

    fn groups(&self, all: &[Resource<Asg>]) -> String {
        let columns = [
            Column::numbers("READY"),
            Column::numbers("MIN-MAX").sheds(2),
            Column::words("TYPES", 8).sheds(1),
            Column::words("SUSPENDED", 8).sheds(3),
        ];
        self.table("Auto Scaling groups", all, &columns, |one| {
            let facts = &one.facts;
            let mut types: Vec<&str> = facts
                .instances
                .iter()
                .filter_map(|instance| instance.instance_type.as_deref())
                .collect();
            types.sort_unstable();
            types.dedup();
            vec![
                Cell::new(format!("{}/{}", facts.in_service, facts.desired)),
                Cell::new(format!("{}-{}", facts.min, facts.max)),
                Cell::new(types.join(", ")),
                Cell::new(facts.suspended_processes.join(", ")).tone(Tone::Warn),
            ]
        })
    }

    fn instances(&self, all: &[Resource<Ec2Instance>]) -> String {
        let columns = [
            Column::words("INSTANCE", 10).sheds(1),
            Column::words("TYPE", 8),
            Column::fixed("STATE"),
            Column::words("GROUP", 8).sheds(2),
            Column::fixed("BOUGHT").sheds(3),
        ];
        self.table("EC2 instances", all, &columns, |one| {
            let facts = &one.facts;
            vec![
                Cell::new(&one.id),
                Cell::new(&facts.instance_type),
                Cell::new(&facts.state),
                Cell::new(facts.asg.as_deref().unwrap_or_default()),
                Cell::new(facts.purchase),
            ]
        })
    }

    fn hosts(&self, all: &[Resource<GpuHost>]) -> String {
        let columns = [
            Column::words("INSTANCE", 10).sheds(1),
            Column::fixed("PROBE"),
            Column::numbers("CARDS"),
            Column::fixed("DRIVER").sheds(3),
            Column::words("DETAIL", 12).sheds(2),
        ];
        self.table("GPU hosts", all, &columns, |one| {
            let facts = &one.facts;
            let expected = facts
                .expected_cards
                .map_or_else(|| "?".to_owned(), |cards| cards.to_string());
            let tone = if facts.probe == "ok" {
                Tone::Plain
            } else {
                Tone::Warn
            };
            vec![
                Cell::new(&one.id),
                Cell::new(facts.probe).tone(tone),
                Cell::new(format!("{}/{expected}", facts.cards)),
                Cell::of(facts.driver.as_deref()),
                Cell::new(facts.detail.as_deref().unwrap_or_default()),
            ]
        })
    }

    fn cards(&self, all: &[Resource<Gpu>]) -> String {
        let columns = [
            Column::words("PRODUCT", 6).sheds(1),
            Column::numbers("UTIL"),
            Column::numbers("MEMORY"),
            Column::numbers("TEMP"),
            Column::numbers("POWER").sheds(2),
            Column::numbers("ECC").sheds(4),
            Column::fixed("IDLE").sheds(3),
            Column::words("GROUP", 8).sheds(5),
        ];
        self.table("GPU cards", all, &columns, |one| {
            let facts = &one.facts;
            let memory = facts
                .mem_used_mib
                .zip(facts.mem_total_mib)
                .map(|(used, total)| format!("{:.1}/{:.1}G", used as f64 / 1024.0, total as f64 / 1024.0));
            let product = facts
                .product
                .as_deref()
                .map(|product| product.trim_start_matches("NVIDIA "));
            let idle = facts.idle.map(|idle| if idle { "idle" } else { "busy" });
            vec![
                Cell::of(product),
                Cell::of(facts.util_percent.map(|percent| format!("{percent:.0}%"))),
                Cell::of(memory),
                Cell::of(facts.temp_c.map(|degrees| format!("{degrees:.0}C"))),
                Cell::of(facts.power_w.map(|watts| format!("{watts:.0}W"))),
                Cell::of(facts.ecc_uncorrected),
                Cell::of(idle),
                Cell::new(facts.asg.as_deref().unwrap_or_default()),
            ]
        })
    }

    fn databases(&self, all: &[Resource<RdsInstance>]) -> String {
        let columns = [
            Column::words("ENGINE", 8).sheds(2),
            Column::words("CLASS", 8).sheds(3),
            Column::fixed("STATUS"),
            Column::numbers("CPU"),
            Column::numbers("CONNS").sheds(4),
            Column::numbers("FREE"),
            Column::fixed("RESTORABLE").sheds(1),
        ];
        self.table("RDS instances", all, &columns, |one| {
            let facts = &one.facts;
            let free = facts.free_storage_gib.map(|free| match facts.storage_gib {
                Some(total) => format!("{free:.0}/{total} GiB"),
                None => format!("{free:.0} GiB"),
            });
            vec![
                Cell::new(format!("{} {}", facts.engine, facts.engine_version)),
                Cell::new(&facts.class),
                Cell::new(&facts.status),
                Cell::of(facts.cpu_percent.map(|percent| format!("{percent:.0}%"))),
                Cell::of(facts.connections),
                Cell::of(free),
                self.moment(facts.latest_restorable_at),
            ]
        })
    }

    fn clusters(&self, all: &[Resource<RdsCluster>]) -> String {
        let columns = [
            Column::words("ENGINE", 8).sheds(2),
            Column::fixed("STATUS"),
            Column::numbers("MEMBERS"),
            Column::words("WRITER", 8).sheds(3),
            Column::fixed("RESTORABLE").sheds(1),
        ];
        self.table("RDS clusters", all, &columns, |one| {
            let facts = &one.facts;
            let writer = facts.members.iter().find(|member| member.writer);
            vec![
                Cell::new(format!("{} {}", facts.engine, facts.engine_version)),
                Cell::new(&facts.status),
                Cell::new(facts.members.len().to_string()),
                Cell::of(writer.map(|member| &member.name)),
                self.moment(facts.latest_restorable_at),
            ]
        })
    }

    fn caches(&self, all: &[Resource<Redis>]) -> String {
        let columns = [
            Column::fixed("FORM").sheds(3),
            Column::words("NODE TYPE", 8).sheds(2),
            Column::numbers("NODES"),
            Column::fixed("STATUS"),
            Column::numbers("CPU"),
            Column::numbers("MEMORY"),
            Column::numbers("EVICTED").sheds(1),
            Column::numbers("HITS").sheds(4),
        ];
        self.table("caches", all, &columns, |one| {
            let facts = &one.facts;
            let hits = facts
                .hits
                .zip(facts.misses)
                .filter(|(hits, misses)| hits + misses > 0)
                .map(|(hits, misses)| format!("{:.0}%", 100.0 * hits as f64 / (hits + misses) as f64));
            vec![
                Cell::new(facts.kind),
                Cell::new(facts.node_type.as_deref().unwrap_or_default()),
                Cell::of(facts.nodes),
                Cell::new(&facts.status),
                Cell::of(facts.cpu_percent.map(|percent| format!("{percent:.0}%"))),
                Cell::of(facts.memory_percent.map(|percent| format!("{percent:.0}%"))),
                Cell::of(facts.evictions.map(|many| format!("{many}/min"))),
                Cell::of(hits),
            ]
        })
    }

    fn target_groups(&self, all: &[Resource<TargetGroup>]) -> String {
        let columns = [
            Column::words("BALANCER", 8).sheds(1),
            Column::numbers("HEALTHY"),
            Column::numbers("UNHEALTHY"),
        ];
        self.table("target groups", all, &columns, |one| {
            vec![
                Cell::new(one.facts.load_balancer.as_deref().unwrap_or_default()),
                Cell::of(one.facts.healthy),
                Cell::of(one.facts.unhealthy),
            ]
        })
    }

    fn load_balancers(&self, all: &[Resource<LoadBalancer>]) -> String {
        let columns = [
            Column::fixed("STATE"),
            Column::numbers("REQ/MIN"),
            Column::numbers("5XX/MIN"),
            Column::numbers("P95"),
            Column::words("ADDRESS", 12).sheds(1),
        ];
        self.table("load balancers", all, &columns, |one| {
            let facts = &one.facts;
            vec![
                Cell::new(&facts.state),
                Cell::of(facts.requests_per_minute.map(|many| format!("{many:.0}"))),
                Cell::of(facts.errors_5xx_per_minute.map(|many| format!("{many:.1}"))),
                Cell::of(facts.latency_p95_s.map(|seconds| format!("{seconds:.2}s"))),
                Cell::new(match self.page.detail {
                    Detail::All => facts.dns_name.as_deref().unwrap_or_default(),
                    Detail::Normal => "",
                }),
            ]
        })
    }

    fn queues(&self, all: &[Resource<Queue>]) -> String {
        let columns = [
            Column::numbers("WAITING"),
            Column::numbers("IN FLIGHT"),
            Column::numbers("OLDEST"),
        ];
        self.table("queues", all, &columns, |one| {
            vec![
                Cell::new(one.facts.visible.to_string()),
                Cell::new(one.facts.in_flight.to_string()),
                Cell::of(one.facts.oldest_s.map(span)),
            ]
        })
    }

    fn alarms(&self, all: &[Resource<Alarm>]) -> String {
        let columns = [Column::fixed("STATE"), Column::fixed("SINCE").sheds(1)];
        self.table("alarms", all, &columns, |one| {
            vec![Cell::new(one.facts.state), self.moment(one.facts.since)]
        })
    }

    fn log_groups(&self, all: &[Resource<LogGroup>]) -> String {
        let columns = [Column::numbers("KEPT"), Column::numbers("STORED")];
        self.table("log groups", all, &columns, |one| {
            let kept = match one.facts.retention_days {
                Some(days) => counted(days, "day"),
                None => "for ever".to_owned(),
            };
            let stored = one.facts.stored_bytes.map(|bytes| Bytes(bytes).to_string());
            vec![Cell::new(kept), Cell::of(stored)]
        })
    }

    fn gateways(&self, all: &[Resource<NatGateway>]) -> String {
        let columns = [
            Column::fixed("STATE"),
            Column::numbers("OUT/H"),
            Column::numbers("IN/H"),
            Column::numbers("$/MONTH"),
            Column::fixed("VPC").sheds(1),
        ];
        let mib = |bytes: Option<f64>| Cell::of(bytes.map(|bytes| format!("{:.0} MiB", bytes / 1_048_576.0)));
        self.table("NAT gateways", all, &columns, |one| {
            vec![
                Cell::new(&one.facts.state),
                mib(one.facts.bytes_out_per_hour),
                mib(one.facts.bytes_in_per_hour),
                Cell::of(one.facts.usd_per_month.map(amount::usd)),
                Cell::new(one.facts.vpc.as_deref().unwrap_or_default()),
            ]
        })
    }

    fn advice(&self, all: &[Resource<Advice>]) -> String {
        let columns = [
            Column::fixed("ADVISER").sheds(2),
            Column::numbers("SAVES A MONTH"),
            Column::words("WHAT", 16).sheds(1),
        ];
        self.table("advice of AWS", all, &columns, |one| {
            let saves = one.facts.saves_usd_per_month;
            vec![
                Cell::new(one.facts.adviser),
                Cell::of(saves.map(amount::usd)),
                Cell::new(&one.facts.what),
            ]
        })
    }

    pub(super) fn moment(&self, at: Option<Timestamp>) -> Cell {
        Cell::of(at.map(|at| self.page.time(at, self.at)))
    }
}

/// Seconds in their two largest units.
fn span(seconds: f64) -> String {
    HumanDuration::from_secs(seconds.round() as i64).to_string()
}
