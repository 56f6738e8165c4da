//! What computes: EC2, Fargate, SageMaker.

use super::document::Section;
use super::{PriceTable, Priced, SpotPrices};
use crate::domain::ec2::{Instance, Purchase};
use crate::domain::ecs::TaskDefinition;
use crate::domain::units::{Gib, Mib, UsdPerHour};

/// Processor architecture of a Fargate task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Arch {
    /// Intel and AMD.
    X86,
    /// Graviton.
    Arm,
}

impl Arch {
    /// Both.
    const ALL: [Self; 2] = [Self::X86, Self::Arm];

    /// From `runtimePlatform.cpuArchitecture` of a task definition; absent means x86.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RuntimePlatform.html>
    pub fn from_task_definition(architecture: Option<&str>) -> Option<Self> {
        match architecture {
            None | Some("X86_64") => Some(Self::X86),
            Some("ARM64") => Some(Self::Arm),
            Some(_) => None,
        }
    }

    /// The name in price keys.
    const fn key(self) -> &'static str {
        match self {
            Self::X86 => "x86_64",
            Self::Arm => "arm64",
        }
    }
}

/// The size of a Fargate task, as its task definition says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FargateSize {
    /// CPU units; 1024 are one vCPU.
    pub cpu_units: u32,
    /// Memory.
    pub memory: Mib,
    /// Ephemeral storage; the first 20 GiB cost nothing.
    pub ephemeral: Gib,
}

impl FargateSize {
    /// Ephemeral storage that every task has and nobody pays.
    pub const FREE_EPHEMERAL: Gib = Gib(20);

    /// A task without additional ephemeral storage.
    pub const fn new(cpu_units: u32, memory: Mib) -> Self {
        Self {
            cpu_units,
            memory,
            ephemeral: Self::FREE_EPHEMERAL,
        }
    }

    /// What a task of this definition is paid by; `None` where it does not say its size.
    pub fn of(definition: &TaskDefinition) -> Option<(Arch, Self)> {
        let arch = Arch::from_task_definition(definition.architecture.as_deref())?;
        let memory = Mib(u64::from(definition.memory_mib?));
        Some((arch, Self::new(definition.cpu_units?, memory)))
    }
}

impl PriceTable {
    /// What an instance costs: its list price, or the Spot price of its zone. `None` for a Capacity Block, which is
    /// paid for in advance, whatever runs on it.
    pub fn instance(
        &self,
        region: &str,
        instance: &Instance,
        spot: &SpotPrices,
    ) -> Option<Priced<UsdPerHour>> {
        match instance.purchase {
            Purchase::OnDemand => self.ec2(region, &instance.instance_type),
            Purchase::Spot => spot.get(region, &instance.instance_type, Some(&instance.zone)),
            Purchase::CapacityBlock => None,
        }
    }

    /// An EC2 instance: Linux, shared tenancy, on-demand. A Spot instance is not to be priced by this, it
    /// would be wrong by a factor of two or three: ask [`super::SpotPrices`].
    pub fn ec2(&self, region: &str, instance_type: &str) -> Option<Priced<UsdPerHour>> {
        self.hourly(region, Section::Ec2, instance_type)
    }

    /// A Fargate task on Linux, on-demand. Fargate Spot has no price here, nor an API that tells it.
    pub fn fargate(&self, region: &str, arch: Arch, size: FargateSize) -> Option<Priced<UsdPerHour>> {
        let price =
            |resource: &str| self.hourly(region, Section::Fargate, &format!("{}/{resource}", arch.key()));
        let cpu = price("vcpu-hour")?.map(|hour| hour.scale(u64::from(size.cpu_units), 1024));
        let memory = price("gb-hour")?.map(|hour| hour.scale(size.memory.0, 1024));
        let task = cpu.with(memory, |cpu, memory| cpu + memory);
        let paid_storage = size.ephemeral.0.saturating_sub(FargateSize::FREE_EPHEMERAL.0);
        if paid_storage == 0 {
            return Some(task);
        }
        let storage = self.hourly(region, Section::Fargate, "ephemeral/gb-hour")?;
        Some(task.with(storage, |task, storage| task + storage * paid_storage))
    }

    /// A SageMaker instance, such as `ml.g5.xlarge`, for notebooks; endpoints and training jobs cost
    /// about as much (see the provenance).
    pub fn sagemaker(&self, region: &str, instance_type: &str) -> Option<Priced<UsdPerHour>> {
        self.hourly(region, Section::Sagemaker, instance_type)
    }
}

/// Whether a key has the form of an instance type: `family.size`.
pub(super) fn is_instance_type(key: &str) -> bool {
    let word = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    key.split_once('.')
        .is_some_and(|(family, size)| word(family) && word(size))
}

/// Whether a key is one of Fargate's.
pub(super) fn knows_fargate_key(key: &str) -> bool {
    match key.split_once('/') {
        Some(("ephemeral", resource)) => resource == "gb-hour",
        Some((arch, resource)) => {
            Arch::ALL.iter().any(|known| known.key() == arch) && matches!(resource, "vcpu-hour" | "gb-hour")
        }
        None => false,
    }
}
