/// Randomness that is fit for secrets.
pub trait Entropy {
    /// Returns `N` bytes from the host's cryptographically secure generator.
    fn bytes<const N: usize>(&self) -> [u8; N];
}
