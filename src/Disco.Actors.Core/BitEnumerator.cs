using System.Numerics;

namespace Disco.Actors.Core;

/// <summary>The numbers of the bits that are set, in ascending order.</summary>
public struct BitEnumerator(ulong bits)
{
    private ulong _left = bits;

    public int Current { get; private set; }

    public bool MoveNext()
    {
        if (_left == 0)
        {
            return false;
        }
        Current = BitOperations.TrailingZeroCount(_left);
        _left &= _left - 1;
        return true;
    }
}
