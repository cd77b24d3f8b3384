// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FundActions} from "./FundActions.sol";
import {vm} from "./Vm.sol";

/// @notice Everything that can be done, in any order, by anybody; the rules are compared with the
/// books kept beside after every few steps.
contract Everything is FundActions {
    function audit() external {
        _audit();
        ++landed["audit"];
        if (landed["audit"] == 1) names.push("audit");
    }

    /// @notice What was done, a line each: a name and how often; compared once more before.
    function report() external returns (string memory lines) {
        _audit();
        lines = _line("tried", tried);
        lines = string.concat(lines, _line("trespass", trespasses));
        for (uint256 i = 0; i < names.length; ++i)
            lines = string.concat(lines, _line(names[i], landed[names[i]]));
    }

    function _audit() private view {
        _auditLogs();
        _auditTransfers();
        _auditFunds();
    }

    function _line(string memory name, uint256 count) private returns (string memory) {
        return string.concat(name, ": ", vm.toString(count), "\n");
    }
}

/// @notice What Foundry runs: random sequences of calls of `Everything`, each of which must hold.
contract InvariantsTest {
    Everything internal everything;

    function setUp() public {
        everything = new Everything();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(everything);
    }

    /// @dev What a step finds wrong undoes it, which fails the run by itself.
    function invariant_everyRuleHolds() public view {}

    function afterInvariant() public {
        vm.writeLine("landed.txt", everything.report());
    }
}
