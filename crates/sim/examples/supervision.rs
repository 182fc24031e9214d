//! `cargo run --release -p procession-sim --example supervision -- SEED SEEDS STEPS`
#![allow(clippy::print_stdout, clippy::unwrap_used)]

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).map(|text| text.parse().unwrap()).collect();
    let [first, seeds, steps] = numbers[..] else { panic!("write SEED SEEDS STEPS") };
    for seed in first..first + seeds {
        match procession_sim::supervise(seed, steps) {
            Ok(report) => println!("seed {seed}: {report:?}"),
            Err(violation) => {
                println!("{violation}");
                std::process::exit(1);
            }
        }
    }
}
