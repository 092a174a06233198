//! Several steps of one caller that happen together or not at all.

use alloy_sol_types::sol;

sol! {
    /// Runs lists of actions. Between actions the list holds tokens for its caller; in the end it must hold
    /// nothing. The caller is debited directly and needs to approve nothing.
    #[sol(abi)]
    #[derive(Debug, PartialEq, Eq)]
    interface IActions {
        /// One step: the selector of a function of `IListActions`, `IExchangeActions` or another protocol's
        /// actions, and that function's ABI-encoded arguments.
        struct Action {
            bytes4 kind;
            bytes data;
        }

        /// More than 32 actions.
        error TooManyActions(uint256 given, uint256 most);
        /// No protocol knows this kind.
        error UnknownAction(bytes4 kind);
        /// The list holds less of a token than an action needs: take it from the caller first.
        error NotHeld(address token, uint256 held, uint256 needed);
        /// The list ended holding something: add a `settle` or a `send`.
        error NotSettled(address token, uint256 amount);
        /// The list ended with a pool's loan open.
        error NotRepaid(address pool);
        /// A pool has lent in this list and is not repaid yet; it does nothing else until then.
        error PoolIsLent(address pool);
        /// Nothing is lent.
        error NothingLent(address pool);
        /// Coin is not taken but sent along with the call.
        error CoinIsSentAlong();
        /// There is no pool of these two tokens.
        error NoPool(address tokenA, address tokenB);
        /// The deadline is past.
        error Expired(uint256 deadline);
        /// Less than the caller's minimum.
        error TooLittle(uint256 amount, uint256 least);
        /// More than the caller's maximum.
        error TooMuch(uint256 amount, uint256 most);

        /// Runs up to 32 actions in order; all happen or none. Coin sent along is held as token zero.
        /// Answers what each action's function returns, ABI-encoded.
        function execute(Action[] calldata actions) external payable returns (bytes[] memory results);
    }

    /// Actions on what the list holds. An amount of 2^256-1 means all of it; token zero is the native coin.
    /// These functions are not called: their selectors and arguments are what `execute` takes.
    #[sol(abi)]
    #[derive(Debug, PartialEq, Eq)]
    interface IListActions {
        /// The list is good until this second.
        function until(uint256 deadline) external;
        /// Takes tokens from the caller.
        function take(address token, uint256 amount) external;
        /// Sends to anybody; at least `least`.
        function send(address token, address to, uint256 amount, uint256 least) external returns (uint256 sent);
        /// Gives the caller all that is left of a token; at least `least`.
        function settle(address token, uint256 least) external returns (uint256 paid);
        /// Turns held coin into the wrapped coin.
        function wrapCoin(uint256 amount) external returns (uint256 wrapped);
        /// Turns the held wrapped coin into coin.
        function unwrapCoin(uint256 amount) external returns (uint256 unwrapped);
    }

    /// Actions on pools of the exchange, by the two tokens of the pool. What goes in is what the list holds,
    /// what comes out the list holds.
    #[sol(abi)]
    #[derive(Debug, PartialEq, Eq)]
    interface IExchangeActions {
        /// Sells exactly `amountIn` (or all that is held) for at least `least`.
        function sell(address tokenIn, address tokenOut, uint256 amountIn, uint256 least) external returns (uint256 amountOut);
        /// Buys exactly `amountOut` for at most `most`.
        function buy(address tokenIn, address tokenOut, uint256 amountOut, uint256 most) external returns (uint256 amountIn);
        /// Deposits at most these amounts in the pool's proportion, for at least `least` shares. They go to `to`;
        /// if that is the zero address, the list holds them.
        function addLiquidity(address tokenA, address tokenB, uint256 amountA, uint256 amountB, uint256 least, address to) external returns (uint256 usedA, uint256 usedB, uint256 shares);
        /// Redeems held shares for at least these amounts.
        function removeLiquidity(address tokenA, address tokenB, uint256 shares, uint256 leastA, uint256 leastB) external returns (uint256 amountA, uint256 amountB);
        /// Borrows from the pool until `repay` in the same list. Until then the pool does nothing else.
        function borrow(address tokenA, address tokenB, uint256 amountA, uint256 amountB) external;
        /// Repays what the pool lent, in either or both tokens, by Uniswap V2's rule for flash swaps: the product
        /// of its holdings, the 0.3 % fee of what comes in left out, may not have fallen. Zero of both means
        /// what is due in the tokens that were borrowed.
        function repay(address tokenA, address tokenB, uint256 amountA, uint256 amountB) external returns (uint256 paidA, uint256 paidB);
    }
}
