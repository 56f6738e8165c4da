//! Which EC2 instance types have GPUs, and how many: the fallback for a time when
//! `ec2:DescribeInstanceTypes` cannot be asked.

/// Who made a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    /// NVIDIA: nvidia-smi reads it.
    Nvidia,
    /// AMD: nvidia-smi knows nothing of it.
    Amd,
}

/// The GPUs of an instance type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeGpus {
    /// How many cards.
    pub count: u8,
    /// Their model, such as `A10G`.
    pub model: &'static str,
    /// Memory of one card as AWS advertises it, MiB. The card itself reports a little less.
    pub mem_mib: u32,
    /// Who made them.
    pub vendor: Vendor,
}

/// One model in one family: which sizes have how many.
struct Family {
    name: &'static str,
    model: &'static str,
    mem_gib: u32,
    sizes: &'static [(u8, &'static [&'static str])],
}

const fn family(
    name: &'static str,
    model: &'static str,
    mem_gib: u32,
    sizes: &'static [(u8, &'static [&'static str])],
) -> Family {
    Family {
        name,
        model,
        mem_gib,
        sizes,
    }
}

const SINGLE: &[&str] = &["xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge"];
const EIGHT_OF_48XLARGE: &[(u8, &[&str])] = &[(8, &["48xlarge"])];
const EIGHT_OF_24XLARGE: &[(u8, &[&str])] = &[(8, &["24xlarge"])];
const UP_TO_48XLARGE: &[(u8, &[&str])] = &[(1, SINGLE), (4, &["12xlarge", "24xlarge"]), (8, &["48xlarge"])];

/// <https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html>
const FAMILIES: [Family; 19] = [
    family(
        "g3",
        "M60",
        8,
        &[(1, &["4xlarge"]), (2, &["8xlarge"]), (4, &["16xlarge"])],
    ),
    family("g3s", "M60", 8, &[(1, &["xlarge"])]),
    family(
        "g4dn",
        "T4",
        16,
        &[(1, SINGLE), (4, &["12xlarge"]), (8, &["metal"])],
    ),
    family(
        "g4ad",
        "Radeon Pro V520",
        8,
        &[
            (1, &["xlarge", "2xlarge", "4xlarge"]),
            (2, &["8xlarge"]),
            (4, &["16xlarge"]),
        ],
    ),
    family("g5", "A10G", 24, UP_TO_48XLARGE),
    family(
        "g5g",
        "T4G",
        16,
        &[
            (1, &["xlarge", "2xlarge", "4xlarge", "8xlarge"]),
            (2, &["16xlarge", "metal"]),
        ],
    ),
    family("g6", "L4", 24, UP_TO_48XLARGE),
    family("g6e", "L40S", 48, UP_TO_48XLARGE),
    family("gr6", "L4", 24, &[(1, &["4xlarge", "8xlarge"])]),
    family(
        "p2",
        "K80",
        12,
        &[(1, &["xlarge"]), (8, &["8xlarge"]), (16, &["16xlarge"])],
    ),
    family(
        "p3",
        "V100",
        16,
        &[(1, &["2xlarge"]), (4, &["8xlarge"]), (8, &["16xlarge"])],
    ),
    family("p3dn", "V100", 32, EIGHT_OF_24XLARGE),
    family("p4d", "A100", 40, EIGHT_OF_24XLARGE),
    family("p4de", "A100", 80, EIGHT_OF_24XLARGE),
    family("p5", "H100", 80, &[(1, &["4xlarge"]), (8, &["48xlarge"])]),
    family("p5e", "H200", 141, EIGHT_OF_48XLARGE),
    family("p5en", "H200", 141, EIGHT_OF_48XLARGE),
    family("p6-b200", "B200", 179, EIGHT_OF_48XLARGE),
    family("p6-b300", "B300", 268, EIGHT_OF_48XLARGE),
];

/// The GPUs of an instance type that we know, `ml.` of SageMaker before it or not.
pub fn gpus_of_type(instance_type: &str) -> Option<TypeGpus> {
    let (name, size) = split(instance_type)?;
    let family = FAMILIES.iter().find(|family| family.name == name)?;
    let (count, _) = family.sizes.iter().find(|(_, sizes)| sizes.contains(&size))?;
    Some(TypeGpus {
        count: *count,
        model: family.model,
        mem_mib: family.mem_gib * 1024,
        vendor: vendor_of_family(name),
    })
}

/// Whether instances of the type have GPUs. By the rule by which AWS names families, so that types
/// that came after this table count too: `g` or `p` and the generation, `gr` with more memory.
pub fn is_gpu_type(instance_type: &str) -> bool {
    vendor_of(instance_type).is_some()
}

/// Who made the GPUs of the type; `None` for a type without GPUs.
pub fn vendor_of(instance_type: &str) -> Option<Vendor> {
    let (name, _) = split(instance_type)?;
    let generation = name
        .strip_prefix("gr")
        .or_else(|| name.strip_prefix(['g', 'p']))?;
    generation
        .starts_with(|first: char| first.is_ascii_digit())
        .then(|| vendor_of_family(name))
}

fn vendor_of_family(name: &str) -> Vendor {
    if name == "g4ad" {
        Vendor::Amd
    } else {
        Vendor::Nvidia
    }
}

fn split(instance_type: &str) -> Option<(&str, &str)> {
    instance_type
        .strip_prefix("ml.")
        .unwrap_or(instance_type)
        .split_once('.')
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn known_types_have_their_cards() {
        for (instance_type, count, model, mem_mib) in [
            ("g3s.xlarge", 1, "M60", 8192),
            ("g3.16xlarge", 4, "M60", 8192),
            ("g4dn.xlarge", 1, "T4", 16_384),
            ("g4dn.12xlarge", 4, "T4", 16_384),
            ("g4dn.metal", 8, "T4", 16_384),
            ("g5.16xlarge", 1, "A10G", 24_576),
            ("g5.24xlarge", 4, "A10G", 24_576),
            ("g5.48xlarge", 8, "A10G", 24_576),
            ("g5g.16xlarge", 2, "T4G", 16_384),
            ("g6.xlarge", 1, "L4", 24_576),
            ("gr6.8xlarge", 1, "L4", 24_576),
            ("g6e.12xlarge", 4, "L40S", 49_152),
            ("p2.16xlarge", 16, "K80", 12_288),
            ("p3.8xlarge", 4, "V100", 16_384),
            ("p3dn.24xlarge", 8, "V100", 32_768),
            ("p4d.24xlarge", 8, "A100", 40_960),
            ("p4de.24xlarge", 8, "A100", 81_920),
            ("p5.4xlarge", 1, "H100", 81_920),
            ("p5.48xlarge", 8, "H100", 81_920),
            ("p5en.48xlarge", 8, "H200", 144_384),
            ("p6-b200.48xlarge", 8, "B200", 183_296),
            ("ml.g5.2xlarge", 1, "A10G", 24_576),
        ] {
            let expected = TypeGpus {
                count,
                model,
                mem_mib,
                vendor: Vendor::Nvidia,
            };
            assert_eq!(gpus_of_type(instance_type), Some(expected), "{instance_type}");
            assert!(is_gpu_type(instance_type), "{instance_type}");
        }
    }

    #[test]
    fn the_cards_of_g4ad_are_not_nvidias() {
        assert_eq!(vendor_of("g4ad.xlarge"), Some(Vendor::Amd));
        assert_eq!(
            gpus_of_type("g4ad.16xlarge").map(|gpus| (gpus.count, gpus.vendor)),
            Some((4, Vendor::Amd))
        );
    }

    #[test]
    fn a_new_gpu_type_is_one_although_its_cards_are_unknown() {
        for instance_type in [
            "g7e.2xlarge",
            "g6f.large",
            "gr6f.4xlarge",
            "p6e-gb200.36xlarge",
            "g5.96xlarge",
        ] {
            assert!(is_gpu_type(instance_type), "{instance_type}");
            assert_eq!(gpus_of_type(instance_type), None, "{instance_type}");
        }
    }

    #[test]
    fn other_types_have_no_gpus() {
        for instance_type in [
            "t3.medium",
            "c5.large",
            "inf2.xlarge",
            "trn1.2xlarge",
            "graviton.large",
            "g5",
            "",
            "db.g5",
        ] {
            assert!(!is_gpu_type(instance_type), "{instance_type}");
            assert_eq!(gpus_of_type(instance_type), None, "{instance_type}");
        }
    }
}
