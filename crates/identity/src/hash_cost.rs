/// The cost of a hash, for the service and for an attacker who guesses: memory and passes, on one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashCost {
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
}

/// The cost is below OWASP's minimum for argon2id on one lane, or above the memory of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be at least 19456 KiB and 2 passes, and at most 262144 KiB and 16 passes")]
pub struct InvalidCost;

impl HashCost {
    /// OWASP's minimum (Password Storage Cheat Sheet, argon2id): 19 MiB, two passes, one lane.
    pub const MINIMUM: Self = Self { memory_kib: 19_456, passes: 2 };
    const MAXIMUM: Self = Self { memory_kib: 262_144, passes: 16 };

    /// Creates a cost, which must be between the minimum and the maximum.
    pub fn new(memory_kib: u32, passes: u32) -> Result<Self, InvalidCost> {
        let is_possible = (Self::MINIMUM.memory_kib..=Self::MAXIMUM.memory_kib).contains(&memory_kib)
            && (Self::MINIMUM.passes..=Self::MAXIMUM.passes).contains(&passes);
        if is_possible { Ok(Self { memory_kib, passes }) } else { Err(InvalidCost) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_can_only_be_raised() {
        for (memory_kib, passes) in [(19_455, 2), (19_456, 1), (0, 0), (262_145, 2), (19_456, 17)] {
            assert_eq!(HashCost::new(memory_kib, passes), Err(InvalidCost));
        }
    }
}
