//! What EC2's GPU instance types have, for when `DescribeInstanceTypes` has not answered.
//! <https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html>

/// Whether instances of the type have NVIDIA GPUs.
pub fn is_gpu_type(instance_type: &str) -> bool {
    let family = instance_type.split('.').next().unwrap_or(instance_type);
    matches!(
        family,
        "g3" | "g3s"
            | "g4dn"
            | "g5"
            | "g5g"
            | "g6"
            | "g6e"
            | "g6f"
            | "gr6"
            | "gr6f"
            | "p2"
            | "p3"
            | "p3dn"
            | "p4d"
            | "p4de"
            | "p5"
            | "p5e"
            | "p5en"
            | "p6-b200"
            | "p6-b300"
    )
}

/// How many cards the type has; `None` for types that are not known here.
pub fn expected_cards(instance_type: &str) -> Option<u8> {
    let (family, size) = instance_type.split_once('.')?;
    Some(match (family, size) {
        ("g4dn", "12xlarge") => 4,
        ("g4dn", "metal") => 8,
        ("g5" | "g6" | "g6e", "12xlarge" | "24xlarge") => 4,
        ("g5" | "g6" | "g6e", "48xlarge") => 8,
        ("g5g", "16xlarge" | "metal") => 2,
        ("g3", "8xlarge") => 2,
        ("g3", "16xlarge") => 4,
        ("p2", "8xlarge") => 8,
        ("p2", "16xlarge") => 16,
        ("p3", "8xlarge") => 4,
        ("p3" | "p3dn", "16xlarge" | "24xlarge") => 8,
        ("p5", "4xlarge") => 1,
        ("p4d" | "p4de" | "p5" | "p5e" | "p5en" | "p6-b200" | "p6-b300", _) => 8,
        _ if is_gpu_type(instance_type) => 1,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_the_estates_are_known() {
        let of = |name| (is_gpu_type(name), expected_cards(name));
        assert_eq!(of("g4dn.xlarge"), (true, Some(1)));
        assert_eq!(of("g5.12xlarge"), (true, Some(4)));
        assert_eq!(of("p4d.24xlarge"), (true, Some(8)));
        assert_eq!(of("t3.small"), (false, None));
        assert!(
            !is_gpu_type("g4ad.xlarge"),
            "these have AMD cards, without nvidia-smi"
        );
    }
}
