//! What our exchange adds to Uniswap V2.

use alloy_sol_types::sol;

sol! {
    /// What every pair answers beside `IUniswapV2Pair`.
    #[sol(abi)]
    #[derive(Debug, PartialEq, Eq)]
    interface IExchangePair {
        /// How the 0.3 % fee of one input was divided (Split mode), in the input's smallest units.
        event FeeSplit(address indexed token, uint256 makers, uint256 community);

        /// Pairs call nobody back; for flash liquidity use an action list.
        error FlashSwapRefused();

        /// 0: Uniswap V2's own rules. 1: Split, where the community's part of every fee leaves the pool at once.
        function mode() external view returns (uint8);
        /// Fees of every swap since creation, per token; zero in V2 mode, where nothing is divided.
        function feesPaid() external view returns (uint256 makers0, uint256 makers1, uint256 community0, uint256 community1);
    }

    /// One-token deposits and withdrawals, and what a provider's position is worth.
    #[sol(abi)]
    #[derive(Debug, PartialEq, Eq)]
    interface IExchange {
        /// A provider's position. Values are counted in token1's smallest units at the pool's present price.
        struct Position {
            address pair;
            address token0;
            address token1;
            /// Shares held, and shares that exist.
            uint256 liquidity;
            uint256 totalSupply;
            /// What the shares are redeemed for now.
            uint256 amount0;
            uint256 amount1;
            /// What was put in for them; shares that came by transfer bring their sender's figures along.
            uint256 deposited0;
            uint256 deposited1;
            /// The part of amount0 and amount1 that fees have earned.
            uint256 fees0;
            uint256 fees1;
            /// Value of amount0 and amount1, and of deposited0 and deposited1 had they been held.
            uint256 value;
            uint256 heldValue;
            /// Held value less the position's value without its fees: what the price's move has cost.
            uint256 impermanentLoss;
        }

        /// A pool as lists show it.
        struct Pool {
            address pair;
            address token0;
            address token1;
            uint112 reserve0;
            uint112 reserve1;
            uint256 totalSupply;
            uint8 mode;
        }

        /// The deadline is past.
        error Expired(uint256 deadline);
        /// Less than the caller's minimum.
        error TooLittle(uint256 amount, uint256 least);
        /// No pair of ours stands there.
        error NotAPair(address account);
        /// One of the two tokens must be the wrapped coin, or the two are the same.
        error BadTokens(address tokenA, address tokenB);

        /// Deposits one token: swaps the part that makes both sides fit and adds them. Shares go to `to`.
        function depositOneToken(address tokenIn, address tokenOther, uint256 amountIn, uint256 minLiquidity, address to, uint256 deadline) external returns (uint256 liquidity);
        /// The same with the native coin.
        function depositCoin(address tokenOther, uint256 minLiquidity, address to, uint256 deadline) external payable returns (uint256 liquidity);
        /// Redeems shares for one token: withdraws both and swaps the other.
        function withdrawOneToken(address tokenOut, address tokenOther, uint256 liquidity, uint256 minAmountOut, address to, uint256 deadline) external returns (uint256 amountOut);
        /// The same paid in the native coin.
        function withdrawCoin(address tokenOther, uint256 liquidity, uint256 minAmountOut, address to, uint256 deadline) external returns (uint256 amountOut);

        function positionInfo(address owner, address pair) external view returns (Position memory);
        /// Up to 50 pools from number `offset` on, in order of creation.
        function pools(uint256 offset, uint256 limit) external view returns (Pool[] memory);
        /// The mode that new pairs get, and the two parts of a fee in percent (they add up to 100).
        function feePolicy() external view returns (uint8 mode, uint8 makersPercent, uint8 communityPercent);
    }

    /// Holds the community's part of fees. Nothing leaves it before there is a government to decide so.
    #[sol(abi)]
    #[derive(Debug, PartialEq, Eq)]
    interface IFeeLedger {
        /// The community's holdings of a token.
        function held(address token) external view returns (uint256);
        /// The community's holdings of the native coin: base fees and tips.
        function heldCoin() external view returns (uint256);
    }
}
