// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.20;

import "../src/Counter.sol";

interface Vm {
    function envAddress(string calldata name) external view returns (address);
    function envUint(string calldata name) external view returns (uint256);
    function prank(address sender) external;
    function deal(address account, uint256 balance) external;
    function expectRevert(bytes calldata data) external;
}

/// A user's tests over the chain's state as it is: contracts, coins, block.
contract ForkTest {
    Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    Counter counter;

    function setUp() public {
        counter = Counter(payable(vm.envAddress("COUNTER")));
    }

    function test_reads_what_the_chain_holds() public view {
        require(block.chainid == 31337, "chain id");
        require(block.number == vm.envUint("HEIGHT"), "height");
        require(counter.number() == 12, "number");
        require(counter.deposits(vm.envAddress("PAYER")) == 3, "deposit");
        require(address(counter).balance == 3, "balance");
        require(vm.envAddress("PAYER").balance > 9_999 ether, "payer");
    }

    function test_goes_on_from_there() public {
        require(counter.add(88, "forked") == 100, "added");
        address payer = address(0xbeef);
        vm.deal(payer, 2 ether);
        vm.prank(payer);
        (bool paid,) = address(counter).call{value: 1 ether}("");
        require(paid && counter.deposits(payer) == 1 ether, "paid");
    }

    function test_reverts_as_the_chain_does() public {
        vm.expectRevert(abi.encodeWithSelector(Counter.TooFar.selector, 101, 100));
        counter.add(101, "");
        vm.expectRevert("Counter: nothing to add");
        counter.add(0, "");
    }
}
