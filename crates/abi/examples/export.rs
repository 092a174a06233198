//! Writes the ABIs and Solidity interfaces of every native contract: `cargo run --example export -- DIR`.
fn main() -> std::io::Result<()> {
    let dir = std::env::args().nth(1).unwrap_or_else(|| "abi".into());
    for file in limpid_abi::export(dir.as_ref(), &limpid_abi::addresses::Addresses::default())? {
        println!("{file}");
    }
    Ok(())
}
