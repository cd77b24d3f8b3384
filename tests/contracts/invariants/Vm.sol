// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What these tests use of Foundry's machine.
interface Vm {
    function prank(address sender) external;
    function warp(uint256 time) external;
    function addr(uint256 key) external returns (address account);
    function sign(uint256 key, bytes32 digest) external returns (uint8 v, bytes32 r, bytes32 s);
    function writeLine(string calldata path, string calldata line) external;
    function toString(uint256 value) external returns (string memory);
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
